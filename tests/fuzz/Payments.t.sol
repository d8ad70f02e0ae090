// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPayouts} from "../../contracts/payments/IPayouts.sol";
import {Payments} from "../../contracts/payments/Payments.sol";
import {Payouts} from "../../contracts/payments/Payouts.sol";
import {RefusingAccount, ThirstyAccount} from "./mocks/ForeignTokens.sol";
import {ForgeTest} from "./support/ForgeTest.sol";

/// @notice Answers every payment with a revert of as much data as its gas pays for.
contract AnsweringAccount {
    receive() external payable {
        assembly {
            revert(0, 40000)
        }
    }
}

/// @notice The payment rule: whoever did not call is paid or credited, never lost, and cannot make the payer fail.
contract PaymentsTest is ForgeTest {
    Payouts private payouts;

    function setUp() external {
        payouts = new Payouts(address(0));
        vm.deal(address(this), type(uint128).max);
    }

    function payCaller(address to, uint256 amount) external {
        Payments.payCaller(to, amount);
    }

    function testFuzz_whoDidNotCallIsPaidOrCredited(uint96 amount, uint8 kind) external {
        address account = accountOf(kind);
        bool accepts = kind % 4 == 0;
        Payments.payOrCredit(payouts, account, amount);
        assertEq(account.balance, accepts ? amount : 0, "paid");
        assertEq(payouts.creditOf(account), accepts ? 0 : amount, "credited");
        assertEq(address(payouts).balance, accepts ? 0 : amount, "backed");
    }

    function testFuzz_aSendCostsThePayerABoundedAmountOfGas(uint96 amount, uint8 kind) external {
        address account = accountOf(kind);
        uint256 before = gasleft();
        Payments.payOrCredit(payouts, account, amount);
        // 30,000 for the send, the call's own cost, and a first credit.
        assertLe(before - gasleft(), 130_000, "gas");
    }

    function testFuzz_whoCalledIsPaidOrTheCallFails(uint96 amount, uint8 kind) external {
        address account = accountOf(kind);
        bool accepts = kind % 4 == 0 || kind % 4 == 2 || amount == 0;
        if (!accepts) {
            vm.expectRevert(abi.encodeWithSelector(Payments.Payments_TransferFailed.selector, account, amount));
        }
        this.payCaller(account, amount);
        assertEq(account.balance, accepts ? amount : 0, "paid");
    }

    function testFuzz_manyCreditsAddUp(address[] calldata accounts, uint96[] calldata amounts) external {
        uint256 length = accounts.length < amounts.length ? accounts.length : amounts.length;
        address[] memory credited = new address[](length);
        uint256[] memory credits = new uint256[](length);
        uint256 sum;
        for (uint256 i; i < length; ++i) {
            credited[i] = accounts[i] == address(0) ? address(1) : accounts[i];
            credits[i] = amounts[i];
            sum += amounts[i];
        }
        payouts.creditMany{value: sum}(credited, credits);
        uint256 withdrawable;
        for (uint256 i; i < length; ++i) {
            uint256 expected;
            for (uint256 j; j < length; ++j) {
                if (credited[j] == credited[i]) expected += credits[j];
            }
            assertEq(payouts.creditOf(credited[i]), expected, "credit");
            withdrawable += credits[i];
        }
        assertEq(address(payouts).balance, withdrawable, "balance");

        vm.expectRevert(abi.encodeWithSelector(IPayouts.Payouts_ValueMismatch.selector, sum, sum + 1));
        payouts.creditMany{value: sum + 1}(credited, credits);
    }

    /// @dev Accepts coins; refuses them; needs more than a send's gas; answers with much data.
    function accountOf(uint8 kind) private returns (address) {
        if (kind % 4 == 0) return address(uint160(0xACC0) + kind);
        if (kind % 4 == 1) return address(new RefusingAccount());
        if (kind % 4 == 2) return address(new ThirstyAccount());
        return address(new AnsweringAccount());
    }
}
