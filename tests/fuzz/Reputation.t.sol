// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {InteractionCounters, PackedCounters} from "../../contracts/reputation/InteractionCounters.sol";
import {IReputationLedger} from "../../contracts/reputation/IReputationLedger.sol";
import {OpinionLibrary} from "../../contracts/reputation/OpinionLibrary.sol";
import {ReputationLedger} from "../../contracts/reputation/ReputationLedger.sol";
import {ForgeTest} from "./support/ForgeTest.sol";

/// @notice Opinion arithmetic against its definition, and the window counters against a plain list of interactions.
contract ReputationTest is ForgeTest {
    uint256 private constant WAD = 1e18;
    uint40 private constant WINDOW_SECONDS = 1 hours;
    address private constant RATER = address(0xA1);
    address private constant SUBJECT = address(0xB2);

    ReputationLedger private ledger;

    struct Interaction {
        address subject;
        uint256 window;
        bool positive;
    }

    Interaction[] private interactions;

    function setUp() public {
        ledger = new ReputationLedger(defaultWeights(), WINDOW_SECONDS);
        ledger.bindSources(address(this), address(0));
    }

    /* OPINIONS */

    function test_goldenNumbersOfTheSpecification() public pure {
        IReputationLedger.Opinion memory local = opinionOf(6, 1, 4, 1, 0.5e18);
        assertOpinion(local, 388_059_701_492_537_313, 111_940_298_507_462_686);

        IReputationLedger.Opinion[] memory opinions = new IReputationLedger.Opinion[](2);
        opinions[0] = opinionOf(3, 0, 2, 1, 0.4e18);
        opinions[1] = opinionOf(1, 2, 5, 2, 0.6e18);
        uint256[] memory shares = new uint256[](2);
        (shares[0], shares[1]) = (0.96e18, 0.56e18);
        (bool exists, IReputationLedger.Opinion memory recommended) = OpinionLibrary.weightedMean(opinions, shares);
        assertTrue(exists, "there is a recommendation");
        assertNear(recommended.belief, 0.376316e18, "recommended belief");
        assertNear(recommended.disbelief, 0.15e18, "recommended disbelief");

        IReputationLedger.Opinion memory fused = OpinionLibrary.cumulativeFusion(local, recommended);
        assertNear(fused.belief, 0.504824e18, "final belief");
        assertNear(fused.disbelief, 0.173747e18, "final disbelief");
        assertNear(fused.uncertainty, 0.321429e18, "final uncertainty");
        assertNear(OpinionLibrary.expectation(fused), 0.665538e18, "expectation");
    }

    function test_dogmaticOpinionsAverage() public pure {
        IReputationLedger.Opinion memory fused = OpinionLibrary.cumulativeFusion(
            IReputationLedger.Opinion(WAD, 0, 0), IReputationLedger.Opinion(0.5e18, 0.5e18, 0)
        );
        assertOpinion(fused, 0.75e18, 0.25e18);
    }

    function testFuzz_opinionFromEvidenceAddsUp(uint128 positive, uint128 negative, uint256 uncertainty) public pure {
        assertSound(OpinionLibrary.fromEvidence(positive, negative, bound(uncertainty, 0, WAD)));
    }

    function testFuzz_fusionAddsUpCommutesAndLeavesNoMoreUncertainty(uint256[4] memory draws) public pure {
        IReputationLedger.Opinion memory first = drawOpinion(draws[0], draws[1]);
        IReputationLedger.Opinion memory second = drawOpinion(draws[2], draws[3]);
        IReputationLedger.Opinion memory fused = OpinionLibrary.cumulativeFusion(first, second);
        assertSound(fused);
        IReputationLedger.Opinion memory swapped = OpinionLibrary.cumulativeFusion(second, first);
        assertEq(keccak256(abi.encode(fused)), keccak256(abi.encode(swapped)), "fusion commutes");
        // The masses' floors fall into the uncertainty, and so does that of the normaliser, in proportion to its size.
        uint256 least = min(first.uncertainty, second.uncertainty);
        uint256 sum = first.uncertainty + second.uncertainty;
        uint256 rounding = sum == 0 ? 0 : min(least, 2 * WAD / sum);
        assertLe(fused.uncertainty, least + rounding + 3, "fusion is no less certain");
    }

    function testFuzz_vacuousOpinionIsNeutral(uint256 beliefDraw, uint256 disbeliefDraw) public pure {
        IReputationLedger.Opinion memory opinion = drawOpinion(beliefDraw, disbeliefDraw);
        IReputationLedger.Opinion memory fused =
            OpinionLibrary.cumulativeFusion(IReputationLedger.Opinion(0, 0, WAD), opinion);
        assertEq(keccak256(abi.encode(fused)), keccak256(abi.encode(opinion)), "fusing nothing changes nothing");
    }

    function testFuzz_meanLiesBetweenItsOpinions(uint256[4] memory draws, uint96 firstShare, uint96 secondShare)
        public
        pure
    {
        if (uint256(firstShare) + secondShare == 0) return;
        IReputationLedger.Opinion[] memory opinions = new IReputationLedger.Opinion[](2);
        opinions[0] = drawOpinion(draws[0], draws[1]);
        opinions[1] = drawOpinion(draws[2], draws[3]);
        uint256[] memory shares = new uint256[](2);
        (shares[0], shares[1]) = (firstShare, secondShare);
        (, IReputationLedger.Opinion memory mean) = OpinionLibrary.weightedMean(opinions, shares);
        assertSound(mean);
        assertLe(mean.belief, max(opinions[0].belief, opinions[1].belief), "mean belief");
        assertLe(min(opinions[0].belief, opinions[1].belief), mean.belief + 1, "mean belief");
    }

    function testFuzz_oneMoreInteractionMovesTrustItsWay(uint16[4] memory counts) public pure {
        uint256 trust = trustOf(counts[0], counts[1], counts[2], counts[3]);
        // Floors cost at most a few units in the last place.
        assertLe(trust, trustOf(uint64(counts[0]) + 1, counts[1], counts[2], counts[3]) + 3, "positive lowers trust");
        uint256 afterRecentNegative = trustOf(counts[0], uint64(counts[1]) + 1, counts[2], counts[3]);
        assertLe(afterRecentNegative, trust + 3, "negative raises trust");
        uint256 afterOlderNegative = trustOf(counts[0], counts[1], counts[2], uint64(counts[3]) + 1);
        assertLe(afterRecentNegative, afterOlderNegative + 3, "recent negative weighs less than old");
    }

    /* COUNTERS */

    function testFuzz_packedCountersSurvive(uint40 window, uint32[6] memory counts, uint48 label) public pure {
        InteractionCounters.Counters memory counters = InteractionCounters.Counters(
            window,
            counts[0] % 2 ** 28,
            counts[1] % 2 ** 28,
            counts[2] % 2 ** 28,
            counts[3] % 2 ** 28,
            counts[4] % 2 ** 28,
            counts[5] % 2 ** 28,
            label
        );
        (bool fits, PackedCounters packed) = InteractionCounters.pack(counters);
        assertTrue(fits, "counters within their fields fit");
        assertEq(keccak256(abi.encode(packed.unpack())), keccak256(abi.encode(counters)), "unpack undoes pack");
        assertEq(packed.windowOf(), window, "window");
        assertEq(packed.labelOf(), label, "label");
        assertEq(packed.withLabel(~label).withLabel(label).labelOf(), label, "label replaced");
    }

    function testFuzz_fullCounterDoesNotFit(uint8 field) public pure {
        uint256[8] memory fields;
        uint256 index = 1 + field % 6;
        // Previous counters only ever come from current ones, so that field needs no check.
        if (index == 3 || index == 4) return;
        fields[index] = 2 ** 28;
        (bool fits,) = InteractionCounters.pack(abi.decode(abi.encode(fields), (InteractionCounters.Counters)));
        assertTrue(!fits, "an overflown counter does not fit");
    }

    function testFuzz_oneMoreWithinAWindowTouchesOneCounter(uint40 window, uint32[6] memory counts, bool positive)
        public
        pure
    {
        InteractionCounters.Counters memory counters = InteractionCounters.Counters(
            window,
            counts[0] % 2 ** 28,
            counts[1] % 2 ** 28,
            counts[2] % 2 ** 28,
            counts[3] % 2 ** 28,
            counts[4] % 2 ** 28,
            counts[5] % 2 ** 28,
            7
        );
        (, PackedCounters packed) = InteractionCounters.pack(counters);
        (bool fits, PackedCounters grown) = packed.recorded(window, positive);
        uint256 count = positive ? counters.currentPositive : counters.currentNegative;
        assertEq(fits ? 1 : 0, count < 2 ** 28 - 1 ? 1 : 0, "a full counter does not fit");
        if (!fits) return;
        if (positive) ++counters.currentPositive;
        else ++counters.currentNegative;
        assertEq(keccak256(abi.encode(grown.unpack())), keccak256(abi.encode(counters)), "one more");
    }

    /// @dev Every step of the random walk is compared with counting the whole list anew.
    function testFuzz_ledgerEqualsPlainCounting(uint256 seed) public {
        uint256 clock = 1_700_000_000;
        for (uint256 i; i < 40; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            clock += (seed % 5 == 0 ? 0 : seed >> 8) % (2 * WINDOW_SECONDS);
            vm.warp(clock);
            address subject = address(uint160(SUBJECT) + uint160((seed >> 64) % 3));
            bool positive = (seed >> 128) % 2 == 0;
            interactions.push(Interaction(subject, clock / WINDOW_SECONDS, positive));
            ledger.record(RATER, subject, positive, bytes32(i));
            assertCounts(ledger.countsOf(RATER, subject), plainCounts(subject, clock / WINDOW_SECONDS));
            assertOpening(subject, clock / WINDOW_SECONDS);
        }
        uint256 window = (clock + (seed >> 192) % (4 * WINDOW_SECONDS)) / WINDOW_SECONDS;
        vm.warp(window * WINDOW_SECONDS);
        (IReputationLedger.Counts memory totals, uint256 subjects) = ledger.totalsOf(RATER);
        assertCounts(totals, plainCounts(address(0), window));
        assertEq(subjects, plainSubjects(), "distinct subjects");
    }

    function testFuzz_onlySourcesRecord(address caller) public {
        vm.assume(caller != address(this) && caller != address(0));
        vm.expectRevert(abi.encodeWithSelector(IReputationLedger.ReputationLedger_NotSource.selector, caller));
        vm.prank(caller);
        ledger.record(RATER, SUBJECT, true, 0);
    }

    function testFuzz_weightsMustAddUp(uint256 recent, uint256 older, uint256 positive, uint256 negative) public {
        unchecked {
            if (recent + older == WAD && recent <= WAD && positive + negative == WAD && positive <= WAD) return;
        }
        vm.expectRevert(IReputationLedger.ReputationLedger_BadWeights.selector);
        new ReputationLedger(IReputationLedger.Weights(recent, older, positive, negative), WINDOW_SECONDS);
    }

    /* HELP */

    function plainCounts(address subject, uint256 window) private view returns (uint256[4] memory counts) {
        for (uint256 i; i < interactions.length; ++i) {
            Interaction memory interaction = interactions[i];
            if (subject != address(0) && interaction.subject != subject) continue;
            bool isRecent = interaction.window + 1 >= window;
            ++counts[(isRecent ? 0 : 2) + (interaction.positive ? 0 : 1)];
        }
    }

    /// @dev What was recorded before the window: in the one before it, and earlier.
    function assertOpening(address subject, uint256 window) private view {
        uint256[4] memory counts;
        uint256[4] memory totals;
        bool isKnown;
        for (uint256 i; i < interactions.length; ++i) {
            Interaction memory interaction = interactions[i];
            if (interaction.window >= window) continue;
            uint256 place = (interaction.window + 1 == window ? 0 : 2) + (interaction.positive ? 0 : 1);
            ++totals[place];
            if (interaction.subject != subject) continue;
            ++counts[place];
            isKnown = true;
        }
        assertCounts(ledger.openingCountsOf(RATER, subject), counts);
        (IReputationLedger.Counts memory all, uint256 subjects) = ledger.openingTotalsOf(RATER);
        assertCounts(all, totals);
        assertEq(subjects, subjectsBefore(window), "distinct subjects before the window");
        assertTrue(ledger.isKnownBefore(window, RATER, subject) == isKnown, "pair known before the window");
        assertTrue(ledger.isKnownBefore(window, address(0), subject) == isKnown, "subject known before the window");
        assertTrue(!ledger.isKnownBefore(window, SUBJECT, RATER), "a pair that never met");
    }

    function subjectsBefore(uint256 window) private view returns (uint256 subjects) {
        for (uint160 i; i < 3; ++i) {
            for (uint256 j; j < interactions.length; ++j) {
                Interaction memory interaction = interactions[j];
                if (interaction.subject == address(uint160(SUBJECT) + i) && interaction.window < window) {
                    ++subjects;
                    break;
                }
            }
        }
    }

    function plainSubjects() private view returns (uint256 subjects) {
        for (uint160 i; i < 3; ++i) {
            uint256[4] memory counts = plainCounts(address(uint160(SUBJECT) + i), 0);
            if (counts[0] + counts[1] != 0) ++subjects;
        }
    }

    function assertCounts(IReputationLedger.Counts memory actual, uint256[4] memory expected) private pure {
        assertEq(actual.recentPositive, expected[0], "recent positive");
        assertEq(actual.recentNegative, expected[1], "recent negative");
        assertEq(actual.olderPositive, expected[2], "older positive");
        assertEq(actual.olderNegative, expected[3], "older negative");
    }

    function assertSound(IReputationLedger.Opinion memory opinion) private pure {
        assertEq(opinion.belief + opinion.disbelief + opinion.uncertainty, WAD, "an opinion adds up to one");
    }

    function assertOpinion(IReputationLedger.Opinion memory opinion, uint256 belief, uint256 disbelief) private pure {
        assertEq(opinion.belief, belief, "belief");
        assertEq(opinion.disbelief, disbelief, "disbelief");
        assertSound(opinion);
    }

    /// @dev The specification gives six digits.
    function assertNear(uint256 actual, uint256 expected, string memory claim) private pure {
        assertLe(actual > expected ? actual - expected : expected - actual, 0.5e12, claim);
    }

    function drawOpinion(uint256 first, uint256 second)
        private
        pure
        returns (IReputationLedger.Opinion memory opinion)
    {
        opinion.belief = bound(first, 0, WAD);
        opinion.disbelief = bound(second, 0, WAD - opinion.belief);
        opinion.uncertainty = WAD - opinion.belief - opinion.disbelief;
    }

    function opinionOf(
        uint64 recentPositive,
        uint64 recentNegative,
        uint64 olderPositive,
        uint64 olderNegative,
        uint256 uncertainty
    ) private pure returns (IReputationLedger.Opinion memory) {
        (uint256 positive, uint256 negative) = OpinionLibrary.weightedEvidence(
            IReputationLedger.Counts(recentPositive, recentNegative, olderPositive, olderNegative), defaultWeights()
        );
        return OpinionLibrary.fromEvidence(positive, negative, uncertainty);
    }

    function trustOf(uint64 recentPositive, uint64 recentNegative, uint64 olderPositive, uint64 olderNegative)
        private
        pure
        returns (uint256)
    {
        IReputationLedger.Counts memory counts =
            IReputationLedger.Counts(recentPositive, recentNegative, olderPositive, olderNegative);
        return OpinionLibrary.expectation(OpinionLibrary.fromCounts(counts, defaultWeights()));
    }

    function defaultWeights() private pure returns (IReputationLedger.Weights memory) {
        return IReputationLedger.Weights({recent: 0.6e18, older: 0.4e18, positive: 0.4e18, negative: 0.6e18});
    }

    function min(uint256 left, uint256 right) private pure returns (uint256) {
        return left < right ? left : right;
    }

    function max(uint256 left, uint256 right) private pure returns (uint256) {
        return left > right ? left : right;
    }
}
