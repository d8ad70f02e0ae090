// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompletionBounties} from "../../contracts/exchange/ICompletionBounties.sol";
import {IHashedTimelock} from "../../contracts/exchange/IHashedTimelock.sol";
import {LinkedLocks} from "./support/LinkedLocks.sol";

/// @title CompletionBountiesTest
/// @notice Who completes is paid, parties and bystanders are not, and what nobody earned goes back.
contract CompletionBountiesTest is LinkedLocks {
    bytes32 private constant PREIMAGE = keccak256("preimage");
    IHashedTimelock.State private constant CLAIMED = IHashedTimelock.State.Claimed;
    IHashedTimelock.State private constant REFUNDED = IHashedTimelock.State.Refunded;
    address private immutable sender = vm.addr(0xa1);
    address private immutable receiver = vm.addr(0xb2);
    address private immutable patron = vm.addr(0xc3);
    address private immutable watcher = vm.addr(0xd4);

    IHashedTimelock.Terms private terms;
    bytes32 private lockId;

    function setUp() public {
        admit(sender);
        admit(receiver);
        vm.deal(sender, 100 ether);
        vm.deal(receiver, 100 ether);
        vm.deal(patron, 100 ether);
        (terms,) = exchangeOf(sender, receiver, PREIMAGE, 1 days);
        vm.prank(sender);
        lockId = timelock.lock{value: 1 ether}(terms);
    }

    function testFuzz_whoCompletesEarnsTheBountiesForThatEnding(uint96 one, uint96 other, bool claims) public {
        one = uint96(bound(one, 1, 10 ether));
        other = uint96(bound(other, 1, 10 ether));
        deposit(patron, claims ? CLAIMED : REFUNDED, one);
        deposit(receiver, claims ? CLAIMED : REFUNDED, other);
        deposit(patron, claims ? REFUNDED : CLAIMED, 1 ether);
        complete(watcher, claims, two(patron, receiver));
        assertEq(watcher.balance, uint256(one) + other, "both bounties");
        assertEq(address(bounties).balance, 1 ether, "the other ending's waits");

        bounties.takeBack(lockId, patron, claims ? REFUNDED : CLAIMED);
        assertEq(patron.balance, 100 ether - one, "what nobody earned goes back");
    }

    function testFuzz_partiesEarnNothing(bool claims, bool isSender) public {
        deposit(patron, claims ? CLAIMED : REFUNDED, 1 ether);
        uint256 before = (isSender ? sender : receiver).balance;
        complete(isSender ? sender : receiver, claims, one_(patron));
        assertEq(patron.balance, 100 ether, "the patron has its bounty again");
        bool isPaid = claims != isSender;
        assertEq((isSender ? sender : receiver).balance, before + (isPaid ? 1 ether : 0), "the lock's amount alone");
    }

    function testFuzz_aLockCompletedElsewhereEarnsNothing(uint96 amount, bool claims) public {
        amount = uint96(bound(amount, 1, 10 ether));
        deposit(patron, CLAIMED, amount);
        vm.expectRevert(abi.encodeWithSelector(ICompletionBounties.CompletionBounties_LockOpen.selector, lockId));
        bounties.takeBack(lockId, patron, CLAIMED);
        if (claims) {
            timelock.claim(terms, PREIMAGE);
        } else {
            vm.warp(terms.timelock);
            timelock.refund(terms);
        }
        vm.expectRevert();
        bounties.claim(terms, PREIMAGE, one_(patron));
        bounties.takeBack(lockId, patron, CLAIMED);
        assertEq(patron.balance, 100 ether, "back in full");
        vm.expectRevert(
            abi.encodeWithSelector(
                ICompletionBounties.CompletionBounties_NoBounty.selector, lockId, patron, CLAIMED
            )
        );
        bounties.takeBack(lockId, patron, CLAIMED);
    }

    function testFuzz_completionThatIsNotDueTakesNothing(uint32 wait, bytes32 preimage) public {
        vm.assume(preimage != PREIMAGE);
        deposit(patron, CLAIMED, 1 ether);
        deposit(patron, REFUNDED, 1 ether);
        vm.warp(block.timestamp + bound(wait, 0, terms.timelock - 1 - block.timestamp));
        vm.expectRevert();
        bounties.claim(terms, preimage, one_(patron));
        vm.expectRevert();
        bounties.refund(terms, one_(patron));
        assertEq(address(bounties).balance, 2 ether, "nothing is taken");
    }

    function testFuzz_nobodyIsNamedTwiceOrWithoutBounty(address stranger) public {
        vm.assume(stranger != patron);
        deposit(patron, CLAIMED, 1 ether);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICompletionBounties.CompletionBounties_NoBounty.selector, lockId, patron, CLAIMED
            )
        );
        bounties.claim(terms, PREIMAGE, two(patron, patron));
        vm.expectRevert(
            abi.encodeWithSelector(
                ICompletionBounties.CompletionBounties_NoBounty.selector, lockId, stranger, CLAIMED
            )
        );
        bounties.claim(terms, PREIMAGE, one_(stranger));
    }

    function testFuzz_depositsNeedAnOpenLockAnEndingAndCoins(uint8 ending, bytes32 unknown) public {
        vm.assume(unknown != lockId);
        vm.expectRevert(ICompletionBounties.CompletionBounties_ZeroBounty.selector);
        bounties.deposit(lockId, CLAIMED);
        IHashedTimelock.State drawn = IHashedTimelock.State(ending % 2);
        vm.expectRevert(
            abi.encodeWithSelector(ICompletionBounties.CompletionBounties_NotAnEnding.selector, drawn)
        );
        vm.prank(patron);
        bounties.deposit{value: 1}(lockId, drawn);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICompletionBounties.CompletionBounties_LockNotOpen.selector, unknown, IHashedTimelock.State.None
            )
        );
        vm.prank(patron);
        bounties.deposit{value: 1}(unknown, CLAIMED);
    }

    function deposit(address depositor, IHashedTimelock.State ending, uint256 amount) private {
        uint256 before = bounties.bountyOf(lockId, depositor, ending);
        vm.prank(depositor);
        bounties.deposit{value: amount}(lockId, ending);
        assertEq(bounties.bountyOf(lockId, depositor, ending), before + amount, "deposits add up");
    }

    function complete(address caller, bool claims, address[] memory depositors) private {
        if (!claims) vm.warp(terms.timelock);
        vm.prank(caller);
        if (claims) bounties.claim(terms, PREIMAGE, depositors);
        else bounties.refund(terms, depositors);
    }

    function one_(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }

    function two(address account, address other) private pure returns (address[] memory accounts) {
        accounts = new address[](2);
        (accounts[0], accounts[1]) = (account, other);
    }
}
