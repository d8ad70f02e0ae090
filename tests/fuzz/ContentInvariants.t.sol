// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IChallenges} from "../../contracts/content/IChallenges.sol";
import {ChallengeHandler} from "./support/ChallengeHandler.sol";
import {ForgeTest} from "./support/ForgeTest.sol";

/// @notice What holds after any sequence of commitments, registrations, transfers, exchanges and challenges.
contract ContentInvariantsTest is ForgeTest {
    error ActionNeverWentThrough(uint256 index);

    ChallengeHandler private handler;

    function setUp() public {
        handler = new ChallengeHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev The invariants would hold of a walk that never gets anywhere, too.
    function test_walkReachesEveryEnding() public {
        bytes4[14] memory actions = [
            handler.commit.selector,
            handler.register.selector,
            handler.transfer.selector,
            handler.lock.selector,
            handler.release.selector,
            handler.sell.selector,
            handler.challenge.selector,
            handler.concede.selector,
            handler.contest.selector,
            handler.decide.selector,
            handler.appeal.selector,
            handler.rule.selector,
            handler.finalise.selector,
            handler.withdraw.selector
        ];
        for (uint256 i; i < 3_000; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            (bool success,) = address(handler).call(
                abi.encodePacked(actions[seed % actions.length], abi.encode(seed >> 8, seed >> 72, seed >> 136))
            );
            assertTrue(success, "an action went against the books");
            if (i % 100 == 0) checkAll();
        }
        for (uint256 i; i < actions.length; ++i) {
            if (handler.successes(actions[i]) == 0) revert ActionNeverWentThrough(i);
        }
        assertLe(1, handler.withheld(), "no locked content was removed");
        assertLe(1, handler.endings(IChallenges.State.Conceded), "no challenge was conceded");
        assertLe(1, handler.endings(IChallenges.State.Upheld), "no challenge was upheld");
        assertLe(1, handler.endings(IChallenges.State.Rejected), "no challenge was rejected");
        assertLe(1, handler.endings(IChallenges.State.Closed), "no challenge was closed");
        assertLe(2, handler.mostOpen(), "no two challenges stood at a time");
    }

    function checkAll() private view {
        invariant_contentIsRegisteredOnce();
        invariant_frozenContentDoesNotMove();
        invariant_challengesHoldExactlyTheOpenStakes();
        invariant_everyChallengeEndsOnceAndKeepsItsTokenFrozen();
        invariant_payoutsHoldExactlyTheCredits();
    }

    /// forge-config: default.invariant.depth = 100
    function invariant_contentIsRegisteredOnce() public view {
        assertTrue(!handler.hasTwiceRegistered(), "one registration per content hash");
    }

    /// forge-config: default.invariant.depth = 100
    function invariant_frozenContentDoesNotMove() public view {
        assertTrue(!handler.hasStrayContent(), "owner, status and record are those of the books");
    }

    /// forge-config: default.invariant.depth = 100
    function invariant_challengesHoldExactlyTheOpenStakes() public view {
        assertEq(address(handler.challenges()).balance, handler.openStakes(), "open deposits and bonds");
        assertEq(handler.coins(), handler.ACTORS() * handler.FUNDS(), "coins neither appear nor vanish");
    }

    /// forge-config: default.invariant.depth = 100
    function invariant_everyChallengeEndsOnceAndKeepsItsTokenFrozen() public view {
        assertTrue(!handler.hasStrayChallenge(), "states and numbers of open challenges are those of the books");
    }

    /// forge-config: default.invariant.depth = 100
    function invariant_payoutsHoldExactlyTheCredits() public view {
        assertEq(address(handler.payouts()).balance, handler.credits(), "credits");
    }
}
