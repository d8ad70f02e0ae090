// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EpochHandler} from "./support/EpochHandler.sol";
import {EpochReference} from "./support/EpochReference.sol";
import {IReputationEpochs} from "../../contracts/reputation/IReputationEpochs.sol";
import {IReputationLedger} from "../../contracts/reputation/IReputationLedger.sol";
import {ReputationLedger} from "../../contracts/reputation/ReputationLedger.sol";
import {ForgeTest} from "./support/ForgeTest.sol";

/// @notice What holds after any sequence of publications, proofs and demands.
contract ReputationEpochsInvariantsTest is ForgeTest {
    EpochHandler private handler;

    function setUp() public {
        handler = new EpochHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// forge-config: default.invariant.depth = 60
    function invariant_epochsHoldExactlyTheBondAndOpenFees() public view {
        assertEq(handler.held(), handler.owed(), "bond and fees");
    }

    /// forge-config: default.invariant.depth = 60
    function invariant_coinsAreConserved() public view {
        assertEq(handler.coins(), (handler.OPERATORS() + 1) * handler.FUNDS(), "coins neither appear nor vanish");
    }

    /// forge-config: default.invariant.depth = 60
    function invariant_theHeadIsTheLastEpochThatStands() public view {
        assertTrue(handler.isHead(), "head");
    }

    /// forge-config: default.invariant.depth = 60
    function invariant_noFinalEpochIsWrong() public view {
        assertTrue(!handler.hasWrongFinalEpoch(), "a final epoch is what a plain count gives");
    }

    /// @dev The invariants would hold of a walk that never gets anywhere, too.
    function test_walkReachesEveryStep() public {
        for (uint256 i; i < 500; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            walk(seed % 16, seed >> 8, seed >> 72, seed >> 136);
        }
        string[9] memory steps = [
            "publish", "withdraw", "demand", "answer", "unanswered", "reclaim", "accuse", "expect", "proof"
        ];
        for (uint256 i; i < steps.length; ++i) {
            assertLe(1, handler.reached(steps[i]), steps[i]);
        }
    }

    function walk(uint256 action, uint256 first, uint256 second, uint256 third) private {
        if (action < 4) handler.record(first, second % 3 != 0, third);
        else if (action < 7) handler.publish(first, second, third);
        else if (action == 7) handler.demandAny(first, second);
        else if (action == 8) handler.answer(second % 1 hours);
        else if (action == 9) handler.proveUnanswered(second);
        else if (action == 10) handler.reclaimFee(second);
        else if (action == 11) handler.accuse(first, second);
        else if (action == 12) handler.expect(first, second, third);
        else if (action == 13) handler.withdrawBond(first);
        else if (action == 14) handler.watch();
        else handler.pass(first);
    }
}

/// @notice The ledger's fusion against the plain reference, on random lists of interactions.
contract OpinionDifferentialTest is ForgeTest, EpochReference {
    uint40 private constant WINDOW_SECONDS = 1 hours;
    ReputationLedger private ledger;

    function setUp() public {
        ledger = new ReputationLedger(
            IReputationLedger.Weights({recent: 0.6e18, older: 0.4e18, positive: 0.4e18, negative: 0.6e18}),
            WINDOW_SECONDS
        );
        ledger.bindSources(address(this), address(0));
        for (uint160 i; i < 5; ++i) {
            raters.push(address(0xA000 + i));
        }
        for (uint160 i; i < 3; ++i) {
            subjects.push(address(0xB000 + i));
        }
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_everyReputationEqualsThePlainReference(uint256 seed) public {
        uint256 clock = 1_700_000_000;
        for (uint256 i; i < 30; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            clock += (seed >> 8) % (WINDOW_SECONDS / 2);
            if (seed % 9 == 0) clock += 2 * WINDOW_SECONDS;
            vm.warp(clock);
            address rater = raters[(seed >> 64) % raters.length];
            address subject = subjects[(seed >> 96) % subjects.length];
            ledger.record(rater, subject, (seed >> 128) % 3 != 0, bytes32(i));
            interactions.push(
                Interaction(rater, subject, clock / WINDOW_SECONDS, (seed >> 128) % 3 != 0)
            );
        }
        uint256 window = clock / WINDOW_SECONDS;
        compare(window);
        vm.warp((window + 1) * WINDOW_SECONDS);
        compare(window + 1);
    }

    function compare(uint256 window) private view {
        IReputationEpochs.Leaf[] memory leaves = leavesOf(window);
        for (uint256 i; i < leaves.length; ++i) {
            IReputationEpochs.Leaf memory leaf = leaves[i];
            (IReputationLedger.Opinion memory opinion, uint256 expectation) =
                ledger.openingReputationOf(leaf.rater, leaf.subject, leaf.recommenders);
            assertEq(opinion.belief, leaf.opinion.belief, "belief");
            assertEq(opinion.disbelief, leaf.opinion.disbelief, "disbelief");
            assertEq(opinion.uncertainty, leaf.opinion.uncertainty, "uncertainty");
            assertEq(expectation, leaf.expectation, "expectation");
        }
    }
}
