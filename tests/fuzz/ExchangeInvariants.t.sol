// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHashedTimelock} from "../../contracts/exchange/IHashedTimelock.sol";
import {ForgeTest} from "./support/ForgeTest.sol";
import {ExchangeHandler} from "./support/ExchangeHandler.sol";

/// @notice What holds after any sequence of locks, sales, transfers and removals.
contract ExchangeInvariantsTest is ForgeTest {
    ExchangeHandler private handler;

    function setUp() public {
        handler = new ExchangeHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev The invariants would hold of a walk that never gets anywhere, too.
    function test_walkReachesEveryEnding() public {
        bytes4[9] memory actions = [
            handler.lock.selector,
            handler.lockLinked.selector,
            handler.claim.selector,
            handler.refund.selector,
            handler.openSale.selector,
            handler.settleSale.selector,
            handler.refundSale.selector,
            handler.moveContent.selector,
            handler.remove.selector
        ];
        for (uint256 i; i < 600; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            bytes4 action = actions[seed % actions.length];
            // Actions take up to four words and ignore what is left over.
            (bool success,) = address(handler).call(
                abi.encodePacked(action, abi.encode(seed >> 8, seed >> 72, (seed >> 136) % 2, seed >> 200))
            );
            assertTrue(success, "an action went against the books");
        }
        for (uint256 i; i < actions.length; ++i) {
            assertLe(1, handler.successes(actions[i]), "an action never went through");
        }
    }

    /// forge-config: default.invariant.depth = 100
    function invariant_custodyEqualsOpenLocksAndSales() public view {
        (uint256 lockedCoins, uint256 lockedTokens, uint256 escrowedPrices) = handler.balances();
        assertEq(lockedCoins, handler.openAmount(IHashedTimelock.AssetKind.Native), "coins in open locks");
        assertEq(lockedTokens, handler.openAmount(IHashedTimelock.AssetKind.Token), "tokens in open locks");
        assertEq(escrowedPrices, handler.openPrices(), "prices of open sales");
    }

    /// forge-config: default.invariant.depth = 100
    function invariant_coinsAreConserved() public view {
        assertEq(handler.coins(), handler.ACTORS() * handler.FUNDS(), "coins neither appear nor vanish");
        (uint256 credits, uint256 balance) = handler.credits();
        assertEq(credits, balance, "credits are covered");
    }

    /// forge-config: default.invariant.depth = 100
    function invariant_everyLockAndSaleEndsAtMostOnce() public view {
        assertTrue(!handler.hasBadEnding(), "ends once, and as the contracts say");
    }

    /// forge-config: default.invariant.depth = 100
    function invariant_lockedContentStaysAndEndsWhereItBelongs() public view {
        assertTrue(!handler.hasStrayContent(), "content and tokens stand where the books say");
    }
}
