// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IExchangePremiums} from "../../contracts/exchange/IExchangePremiums.sol";
import {IHashedTimelock} from "../../contracts/exchange/IHashedTimelock.sol";
import {RefusingAccount} from "./mocks/ForeignTokens.sol";
import {LinkedLocks} from "./support/LinkedLocks.sol";

/// @title ExchangePremiumsTest
/// @notice Every line of the table of premiums, and every way of not being allowed to.
contract ExchangePremiumsTest is LinkedLocks {
    bytes32 private constant PREIMAGE = keccak256("preimage");
    uint256 private constant LEADER_KEY = 0xa1;
    uint256 private constant FOLLOWER_KEY = 0xb2;
    address private immutable leader = vm.addr(LEADER_KEY);
    address private immutable follower = vm.addr(FOLLOWER_KEY);
    address private constant WATCHER = address(0x3a7c4e2);

    IHashedTimelock.Terms private first;
    IHashedTimelock.Terms private linked;
    IExchangePremiums.Terms private terms;

    function setUp() public {
        admit(leader);
        admit(follower);
        vm.deal(leader, 100 ether);
        vm.deal(follower, 100 ether);
        (first, linked) = exchangeOf(leader, follower, PREIMAGE, 1 days);
        terms = premiumsOf(first, linked, 0.3 ether, 0.2 ether);
    }

    /* THE TABLE */

    function testFuzz_whoDoesNotJoinEarnsNothing(uint32 wait, bool firstIsOpen) public {
        deposit();
        if (firstIsOpen) lockFirst();
        vm.warp(block.timestamp + wait);
        bool allowed = block.timestamp >= terms.joinUntil;
        if (!allowed) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IExchangePremiums.ExchangePremiums_TooEarly.selector, terms.joinUntil, block.timestamp
                )
            );
        }
        vm.prank(WATCHER);
        premiums.withdraw(terms);
        assertEq(address(premiums).balance, allowed ? 0 : 0.2 ether, "all or nothing goes back");
        if (allowed) assertEq(follower.balance, 100 ether, "the follower has its deposit again");
    }

    function testFuzz_answeredAndClaimedBothGetTheirsBack(bool settlesBetween) public {
        joined();
        lockLinked();
        if (settlesBetween) {
            premiums.settle(terms);
            assertEq(address(premiums).balance, 0.3 ether, "the follower has its premium at once");
            vm.expectRevert(
                abi.encodeWithSelector(
                    IExchangePremiums.ExchangePremiums_LinkedLockOpen.selector, terms.linkedLock
                )
            );
            premiums.settle(terms);
        }
        timelock.claim(linked, PREIMAGE);
        premiums.settle(terms);
        assertBalances(101 ether, 98 ether);
    }

    function testFuzz_theLeaderPaysForALinkedLockThatIsRefunded(bool settlesBetween) public {
        joined();
        lockLinked();
        if (settlesBetween) premiums.settle(terms);
        vm.warp(linked.timelock);
        timelock.refund(linked);
        premiums.settle(terms);
        assertBalances(98.7 ether, 100.3 ether);
    }

    function testFuzz_theFollowerPaysForNotAnswering(uint32 wait) public {
        joined();
        vm.warp(block.timestamp + wait);
        bool allowed = block.timestamp >= terms.answerUntil;
        if (!allowed) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IExchangePremiums.ExchangePremiums_TooEarly.selector, terms.answerUntil, block.timestamp
                )
            );
        }
        vm.prank(WATCHER);
        premiums.settle(terms);
        if (allowed) assertBalances(99.2 ether, 99.8 ether);
    }

    function testFuzz_aFirstLockThatEndsEarlyCostsNobody(uint32 wait) public {
        joined();
        vm.warp(block.timestamp + bound(wait, 0, terms.answerUntil - block.timestamp));
        bytes32 digest = timelock.hashExit(terms.firstLock);
        timelock.exit(first, signed(LEADER_KEY, digest), signed(FOLLOWER_KEY, digest));
        premiums.settle(terms);
        assertBalances(100 ether, 100 ether);
    }

    function testFuzz_eachEndsOnce(uint8 ending) public {
        joined();
        if (ending % 3 != 0) lockLinked();
        if (ending % 3 == 1) timelock.claim(linked, PREIMAGE);
        vm.warp(linked.timelock);
        if (ending % 3 == 2) timelock.refund(linked);
        premiums.settle(terms);
        bytes memory closed = wrongState(IExchangePremiums.State.Closed);
        vm.expectRevert(closed);
        premiums.settle(terms);
        vm.expectRevert(closed);
        premiums.withdraw(terms);
        vm.expectRevert(closed);
        vm.prank(leader);
        premiums.join{value: 0.3 ether}(terms);
        vm.expectRevert();
        vm.prank(follower);
        premiums.deposit{value: 0.2 ether}(terms, first, linked);
    }

    /* WHO AND WHEN */

    function testFuzz_onlyTheLeaderJoinsInTimeWithItsLockOpen(uint8 fault, uint256 change) public {
        deposit();
        if (fault % 4 != 0) lockFirst();
        address caller = leader;
        uint256 value = 0.3 ether;
        if (fault % 4 == 0) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IExchangePremiums.ExchangePremiums_FirstLockNotOpen.selector,
                    terms.firstLock,
                    IHashedTimelock.State.None
                )
            );
        } else if (fault % 4 == 1) {
            caller = follower;
            vm.expectRevert(
                abi.encodeWithSelector(
                    IExchangePremiums.ExchangePremiums_PartyMismatch.selector, follower, leader
                )
            );
        } else if (fault % 4 == 2) {
            vm.warp(terms.joinUntil);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IExchangePremiums.ExchangePremiums_TooLate.selector, terms.joinUntil, block.timestamp
                )
            );
        } else {
            value = bound(change, 0, 0.3 ether - 1);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IExchangePremiums.ExchangePremiums_ValueMismatch.selector, value, 0.3 ether
                )
            );
        }
        vm.prank(caller);
        premiums.join{value: value}(terms);
    }

    function testFuzz_locksHaveToFitToTheLastWord(uint8 field, uint256 change) public {
        vm.assume(change != 0);
        uint256 index = field % 6;
        if (index == 0) linked.expected ^= bytes32(change);
        else if (index == 1) linked.asset.amountOrId ^= change;
        else if (index == 2) linked.hashlock ^= bytes32(change);
        else if (index == 3) first.asset.amountOrId ^= change;
        else if (index == 4) first.firstLock ^= bytes32(change);
        else linked.guardedContent ^= change;
        vm.expectRevert(
            abi.encodeWithSelector(
                IExchangePremiums.ExchangePremiums_LocksMismatch.selector, terms.firstLock, terms.linkedLock
            )
        );
        vm.prank(follower);
        premiums.deposit{value: 0.2 ether}(terms, first, linked);
    }

    function testFuzz_timesAreInOrder(uint40 joinUntil, uint40 answerUntil) public {
        terms.joinUntil = uint40(bound(joinUntil, block.timestamp - 10, linked.timelock + 10));
        terms.answerUntil = uint40(bound(answerUntil, block.timestamp - 10, linked.timelock + 10));
        bool inOrder = block.timestamp < terms.joinUntil && terms.joinUntil < terms.answerUntil
            && terms.answerUntil <= linked.timelock;
        if (!inOrder) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IExchangePremiums.ExchangePremiums_BadTimes.selector,
                    terms.joinUntil,
                    terms.answerUntil,
                    linked.timelock
                )
            );
        }
        vm.prank(follower);
        premiums.deposit{value: 0.2 ether}(terms, first, linked);
    }

    function test_premiumsAreAboveZeroAndTheFollowersOwn() public {
        terms.leaderPremium = 0;
        vm.expectRevert(IExchangePremiums.ExchangePremiums_ZeroPremium.selector);
        vm.prank(follower);
        premiums.deposit{value: 0.2 ether}(terms, first, linked);
        vm.expectRevert(
            abi.encodeWithSelector(IExchangePremiums.ExchangePremiums_PartyMismatch.selector, leader, follower)
        );
        vm.prank(leader);
        premiums.deposit{value: 0.2 ether}(terms, first, linked);
    }

    function test_aPartyThatRefusesCoinsIsCredited() public {
        address refuser = address(new RefusingAccount());
        admit(refuser);
        vm.deal(refuser, 100 ether);
        (first, linked) = exchangeOf(leader, refuser, PREIMAGE, 1 days);
        terms = premiumsOf(first, linked, 0.3 ether, 0.2 ether);
        vm.prank(refuser);
        premiums.deposit{value: 0.2 ether}(terms, first, linked);
        vm.warp(terms.joinUntil);
        premiums.withdraw(terms);
        assertEq(payouts.creditOf(refuser), 0.2 ether, "credited");
    }

    /* HELP */

    function deposit() private {
        vm.prank(follower);
        bytes32 premiumsId = premiums.deposit{value: 0.2 ether}(terms, first, linked);
        assertEq(premiumsId, premiums.idOf(terms), "the id is known beforehand");
    }

    function lockFirst() private {
        vm.prank(leader);
        timelock.lock{value: 1 ether}(first);
    }

    function lockLinked() private {
        vm.prank(follower);
        timelock.lockLinked{value: 2 ether}(linked, first);
    }

    function joined() private {
        deposit();
        lockFirst();
        vm.prank(leader);
        premiums.join{value: 0.3 ether}(terms);
    }

    function signed(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function wrongState(IExchangePremiums.State state) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            IExchangePremiums.ExchangePremiums_WrongState.selector, premiums.idOf(terms), state
        );
    }

    function assertBalances(uint256 leaders, uint256 followers) private view {
        assertEq(leader.balance, leaders, "the leader's coins");
        assertEq(follower.balance, followers, "the follower's coins");
        assertEq(address(premiums).balance, 0, "nothing is left behind");
    }
}
