// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ContentHandler} from "./support/ContentHandler.sol";
import {ForgeTest} from "./support/ForgeTest.sol";

/// @notice What holds after any sequence of commitments, registrations, transfers, exchanges and challenges.
contract ContentInvariantsTest is ForgeTest {
    ContentHandler private handler;

    function setUp() public {
        handler = new ContentHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev The invariants would hold of a walk that never gets anywhere, too.
    function test_walkReachesEveryEnding() public {
        bytes4[9] memory actions = [
            handler.commit.selector,
            handler.register.selector,
            handler.transfer.selector,
            handler.lock.selector,
            handler.release.selector,
            handler.sell.selector,
            handler.challenge.selector,
            handler.settle.selector,
            handler.withdraw.selector
        ];
        for (uint256 i; i < 1_000; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            (bool success,) = address(handler).call(
                abi.encodePacked(actions[seed % actions.length], abi.encode(seed >> 8, seed >> 72, seed >> 136))
            );
            assertTrue(success, "an action went against the books");
            if (i % 50 == 0) checkAll();
        }
        for (uint256 i; i < actions.length; ++i) {
            assertLe(1, handler.successes(actions[i]), "an action never went through");
        }
        assertLe(1, handler.withheld(), "no locked content was removed");
        assertLe(1, handler.verdicts(true), "no challenge was upheld");
        assertLe(1, handler.verdicts(false), "no challenge was rejected");
    }

    function checkAll() private view {
        invariant_contentIsRegisteredOnce();
        invariant_frozenContentDoesNotMove();
        invariant_challengesHoldExactlyTheOpenDeposits();
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
    function invariant_challengesHoldExactlyTheOpenDeposits() public view {
        assertEq(address(handler.challenges()).balance, handler.openDeposits(), "open deposits");
        assertEq(handler.coins(), handler.ACTORS() * handler.FUNDS(), "coins neither appear nor vanish");
    }

    /// forge-config: default.invariant.depth = 100
    function invariant_payoutsHoldExactlyTheCredits() public view {
        assertEq(address(handler.payouts()).balance, handler.credits(), "credits");
    }
}
