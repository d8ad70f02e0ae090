// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuctionHouse} from "../../contracts/auctions/IAuctionHouse.sol";
import {AuctionHandler} from "./support/AuctionHandler.sol";
import {ForgeTest} from "./support/ForgeTest.sol";

/// @notice What holds in every state that rounds can reach, whoever does what in which order.
contract AuctionHouseInvariants is ForgeTest {
    AuctionHandler private handler;

    function setUp() public {
        vm.warp(1_800_000_000);
        handler = new AuctionHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// forge-config: default.invariant.depth = 128
    function invariant_houseHoldsOpenFundsAndWhatIsUncollected() public view {
        uint256 held;
        for (uint256 i; i < handler.roundCount(); ++i) {
            bytes32 roundId = handler.rounds(i);
            bool ended = handler.endedAs(roundId) != IAuctionHouse.State.None;
            held += ended ? handler.uncollectedOf(roundId) : handler.fundsOf(roundId);
        }
        assertEq(address(handler.house()).balance, held, "balance, open funds and uncollected entitlements");
    }

    /// forge-config: default.invariant.depth = 128
    function invariant_entitlementsEqualFunds() public view {
        uint256 released;
        uint256 uncollected;
        for (uint256 i; i < handler.roundCount(); ++i) {
            bytes32 roundId = handler.rounds(i);
            if (handler.endedAs(roundId) == IAuctionHouse.State.None) continue;
            released += handler.fundsOf(roundId);
            uncollected += handler.uncollectedOf(roundId);
        }
        assertEq(handler.paid() + uncollected, released, "paid, uncollected, and funds of ended rounds");
    }

    /// forge-config: default.invariant.depth = 128
    function invariant_anEntitlementIsCollectedOnce() public view {
        for (uint256 i; i < handler.roundCount(); ++i) {
            assertTrue(handler.marksAgree(handler.rounds(i)), "marks of what was collected");
        }
    }

    /// forge-config: default.invariant.depth = 128
    function invariant_creditsAreBacked() public view {
        uint256 credit = handler.payouts().creditOf(handler.refuser());
        assertEq(address(handler.payouts()).balance, credit, "only who refuses coins is credited");
    }

    /// forge-config: default.invariant.depth = 128
    function invariant_aRoundEndsOnce() public view {
        for (uint256 i; i < handler.roundCount(); ++i) {
            bytes32 roundId = handler.rounds(i);
            IAuctionHouse.State ended = handler.endedAs(roundId);
            IAuctionHouse.State state = handler.stateOf(roundId);
            bool over = state == IAuctionHouse.State.Settled || state == IAuctionHouse.State.Refunded;
            assertEq(over ? uint256(state) : 0, uint256(ended), "an end state is final");
        }
    }
}

/// @notice One fixed run through the handler, so that the invariants cannot hold for want of anything happening.
contract AuctionHandlerReach is ForgeTest {
    function testFuzz_handlerSettlesRounds(uint256 seed) public {
        vm.warp(1_800_000_000);
        AuctionHandler handler = new AuctionHandler();
        for (uint256 i; i < 3; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            handler.openRound(word);
            for (uint256 j; j < 5; ++j) {
                handler.commitBids(uint256(keccak256(abi.encode(word, j))), 4);
            }
            if (i == 2) break;
            handler.publishScores(word);
            handler.declareOpenings(word);
            for (uint8 j; j < 20; ++j) {
                handler.openOwnBid(word, j, j % 3 != 0);
            }
            handler.settle(word);
        }
        handler.refundAll(seed);
        vm.warp(block.timestamp + 6 hours);
        handler.refundAll(seed);
        handler.endAgain(seed);
        for (uint256 i; i < 3; ++i) {
            uint256 pick = (seed % 1e30 << 8) - (seed % 1e30 << 8) % 3 + i;
            handler.collectFalsely(pick, 7, address(this));
            handler.collect(pick, true);
            handler.collect(pick, true);
            handler.collectMany(pick, seed);
            handler.collectMany(pick, type(uint256).max);
        }
        assertEq(address(handler.house()).balance, 0, "everybody is paid");
        assertEq(handler.endings(IAuctionHouse.State.Settled), 2, "rounds settled");
        assertEq(handler.endings(IAuctionHouse.State.Refunded), 1, "rounds refunded");
        assertTrue(handler.selfOpenings() > 0, "bids were opened by their bidders");
    }
}
