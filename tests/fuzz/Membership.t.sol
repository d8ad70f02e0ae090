// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMembership} from "../../contracts/identity/IMembership.sol";
import {Membership} from "../../contracts/identity/Membership.sol";
import {Roles} from "../../contracts/identity/Roles.sol";
import {TrustedForwarder} from "../../contracts/identity/TrustedForwarder.sol";
import {IPayouts} from "../../contracts/payments/IPayouts.sol";
import {Payouts} from "../../contracts/payments/Payouts.sol";
import {RefusingAccount} from "./mocks/ForeignTokens.sol";
import {ForgeTest} from "./support/ForgeTest.sol";

/// @notice Who belongs to the consortium, and what Payouts refuses.
contract MembershipTest is ForgeTest {
    uint256 private constant OWNER_KEY = 0x0113;
    address private immutable owner = vm.addr(OWNER_KEY);
    Membership private membership;
    Payouts private payouts;

    function setUp() public {
        vm.warp(1_700_000_000);
        address forwarder = address(new TrustedForwarder());
        membership = new Membership(owner, forwarder);
        payouts = new Payouts(forwarder);
    }

    function testFuzz_voucherAdmitsOnceAndInTime(address account, uint16 roles, uint32 wait, bytes32 serial) public {
        vm.assume(account != address(0));
        roles = uint16(bound(roles, 1, Roles.ALL));
        IMembership.Voucher memory voucher = IMembership.Voucher({
            account: account,
            roles: roles,
            expiresAt: type(uint40).max,
            certificateHash: keccak256("certificate"),
            serial: serial,
            deadline: uint40(block.timestamp) + 1 hours
        });
        bytes memory signature = signed(OWNER_KEY, voucher);
        vm.warp(block.timestamp + wait % 2 hours);
        if (block.timestamp > voucher.deadline) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IMembership.Membership_VoucherExpired.selector, voucher.deadline, block.timestamp
                )
            );
            membership.admitByVoucher(voucher, signature);
            return;
        }
        membership.admitByVoucher(voucher, signature);
        assertTrue(membership.isVoucherUsed(serial), "the serial is used up");
        assertTrue(membership.hasRole(account, roles), "with its roles");
        vm.expectRevert(abi.encodeWithSelector(IMembership.Membership_VoucherAlreadyUsed.selector, serial));
        membership.admitByVoucher(voucher, signature);
    }

    function testFuzz_anothersVoucherAdmitsNobody(uint256 key, address account) public {
        key = bound(key, 1, type(uint128).max);
        vm.assume(key != OWNER_KEY);
        IMembership.Voucher memory voucher;
        (voucher.account, voucher.roles, voucher.deadline) = (account, Roles.ALL, type(uint40).max);
        bytes memory signature = signed(key, voucher);
        vm.expectRevert(abi.encodeWithSelector(IMembership.Membership_InvalidVoucherSignature.selector, owner));
        membership.admitByVoucher(voucher, signature);
    }

    function testFuzz_revocationEndsAMembershipAtOnce(address account, uint16 roles) public {
        vm.assume(account != address(0));
        roles = uint16(bound(roles, 1, Roles.ALL));
        vm.startPrank(owner);
        membership.admit(account, roles, type(uint40).max, 0);
        membership.requireRole(account, roles);
        membership.revoke(account);
        assertTrue(!membership.isActive(account) && !membership.hasRole(account, roles), "no member any more");
        vm.expectRevert(abi.encodeWithSelector(IMembership.Membership_NotActive.selector, account));
        membership.revoke(account);
        vm.stopPrank();
        assertEq(membership.memberOf(account).revokedAt, block.timestamp, "when");
    }

    function testFuzz_admissionNeedsAccountRolesAndTime(address account, uint16 roles, uint40 expiresAt) public {
        bytes4 refusal;
        if (account == address(0)) refusal = IMembership.Membership_ZeroAccount.selector;
        else if (roles == 0) refusal = IMembership.Membership_NoRoles.selector;
        else if (roles & ~Roles.ALL != 0) refusal = IMembership.Membership_UnknownRoles.selector;
        else if (expiresAt <= block.timestamp) refusal = IMembership.Membership_ExpiryInPast.selector;
        vm.prank(owner);
        (bool done, bytes memory answer) = address(membership).call(
            abi.encodeCall(IMembership.admit, (account, roles, expiresAt, bytes32(0)))
        );
        assertTrue(done == (refusal == 0), "admitted if nothing is wrong");
        if (!done) assertTrue(bytes4(answer) == refusal, "and refused for the first thing that is");
    }

    function test_theOfficeIsHandedOverAndNeverDropped() public {
        vm.startPrank(owner);
        vm.expectRevert(Membership.Membership_CannotRenounce.selector);
        membership.renounceOwnership();
        membership.transferOwnership(address(this));
        vm.stopPrank();
        membership.acceptOwnership();
        assertEq(membership.owner(), address(this), "the next administrator");
    }

    function testFuzz_payoutsRefuseWhatDoesNotAddUp(uint96 amount, uint96 other) public {
        vm.assume(amount != other);
        address[] memory accounts = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (accounts[0], amounts[0]) = (owner, amount);
        vm.deal(address(this), other);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.Payouts_ValueMismatch.selector, amount, other));
        payouts.creditMany{value: other}(accounts, amounts);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.Payouts_LengthMismatch.selector, 1, 0));
        payouts.creditMany(accounts, new uint256[](0));
        vm.expectRevert(IPayouts.Payouts_ZeroAccount.selector);
        payouts.credit(address(0));
    }

    function testFuzz_aRefusedWithdrawalKeepsTheCredit(uint96 amount) public {
        vm.assume(amount != 0);
        address payable account = payable(address(new RefusingAccount()));
        vm.deal(address(this), amount);
        payouts.credit{value: amount}(account);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.Payouts_WithdrawFailed.selector, account, amount));
        payouts.withdraw(account);
        assertEq(payouts.creditOf(account), amount, "still owed");
        vm.expectRevert(abi.encodeWithSelector(IPayouts.Payouts_NothingToWithdraw.selector, owner));
        payouts.withdraw(payable(owner));
    }

    function signed(uint256 key, IMembership.Voucher memory voucher) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, membership.hashVoucher(voucher));
        return abi.encodePacked(r, s, v);
    }
}
