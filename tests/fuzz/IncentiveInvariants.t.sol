// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ForgeTest} from "./support/ForgeTest.sol";
import {IncentiveHandler} from "./support/IncentiveHandler.sol";

/// @notice What holds after any sequence of exchanges with premiums, exits and bounties.
contract IncentiveInvariantsTest is ForgeTest {
    IncentiveHandler private handler;

    function setUp() public {
        handler = new IncentiveHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev The invariants would hold of a walk that never gets anywhere, too.
    function test_walkReachesEveryAction() public {
        bytes4[10] memory actions = [
            handler.deposit.selector,
            handler.lockFirst.selector,
            handler.join.selector,
            handler.lockLinked.selector,
            handler.complete.selector,
            handler.exit.selector,
            handler.withdraw.selector,
            handler.settle.selector,
            handler.depositBounty.selector,
            handler.takeBack.selector
        ];
        string[10] memory names = [
            "deposit",
            "lockFirst",
            "join",
            "lockLinked",
            "complete",
            "exit",
            "withdraw",
            "settle",
            "depositBounty",
            "takeBack"
        ];
        for (uint256 i; i < 1_000; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            bytes4 action = actions[seed % actions.length];
            // Actions take up to three words and ignore what is left over.
            (bool success,) = address(handler).call(
                abi.encodePacked(action, abi.encode(seed >> 8, seed >> 72, (seed >> 136) % 5 minutes))
            );
            assertTrue(success, "an action went against the books");
        }
        for (uint256 i; i < actions.length; ++i) {
            assertTrue(handler.successes(actions[i]) != 0, names[i]);
        }
        invariant_balancesAreWhatIsOpen();
        invariant_eachEndsOnce();
    }

    /// forge-config: default.invariant.depth = 100
    function invariant_balancesAreWhatIsOpen() public view {
        (uint256 locked, uint256 staked, uint256 offered) = handler.held();
        (uint256 owedToLocks, uint256 owedToPremiums, uint256 owedToBounties) = handler.owed();
        assertEq(locked, owedToLocks, "open locks");
        assertEq(staked, owedToPremiums, "open premiums");
        assertEq(offered, owedToBounties, "open bounties");
    }

    /// @dev A lock is never both claimed and refunded, exits included; premiums close once.
    /// forge-config: default.invariant.depth = 100
    function invariant_eachEndsOnce() public view {
        assertTrue(handler.isConsistent(), "states are those of the books");
    }

    /// forge-config: default.invariant.depth = 100
    function invariant_coinsAreConserved() public view {
        assertEq(handler.coins(), handler.ACTORS() * handler.FUNDS(), "coins neither appear nor vanish");
    }
}
