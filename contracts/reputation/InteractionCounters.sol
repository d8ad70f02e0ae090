// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReputationLedger} from "./IReputationLedger.sol";

/// @dev One word of counters, of a pair or of a rater over all subjects:
///
///     48 bits | 28     | 28     | 28       | 28       | 28      | 28      | 40
///     label   | older- | older+ | previous-| previous+| current-| current+| window
///
/// The window is the index of the last one in which something was recorded. The label of a pair is the window of its first
/// interaction; that of a rater is two numbers of distinct subjects, 24 bits each: first met in `window` | all.
type PackedCounters is uint256;

using InteractionCounters for PackedCounters global;

/// @title InteractionCounters
/// @notice Counters of good and bad interactions in three windows: current, previous, older.
/// @dev Counters move along only when they are touched, so nothing has to run when a window ends.
library InteractionCounters {
    /// @dev {PackedCounters} spread out; wider than the packed fields so that a sum is checked before it is packed.
    struct Counters {
        uint256 window;
        uint256 currentPositive;
        uint256 currentNegative;
        uint256 previousPositive;
        uint256 previousNegative;
        uint256 olderPositive;
        uint256 olderNegative;
        uint256 label;
    }

    uint256 private constant COUNT_BITS = 28;
    uint256 private constant MAXIMUM_COUNT = (1 << COUNT_BITS) - 1;
    uint256 private constant CURRENT_POSITIVE = 40;
    uint256 private constant CURRENT_NEGATIVE = CURRENT_POSITIVE + COUNT_BITS;
    uint256 private constant PREVIOUS_POSITIVE = CURRENT_NEGATIVE + COUNT_BITS;
    uint256 private constant PREVIOUS_NEGATIVE = PREVIOUS_POSITIVE + COUNT_BITS;
    uint256 private constant OLDER_POSITIVE = PREVIOUS_NEGATIVE + COUNT_BITS;
    uint256 private constant OLDER_NEGATIVE = OLDER_POSITIVE + COUNT_BITS;
    uint256 private constant LABEL = OLDER_NEGATIVE + COUNT_BITS;

    /// @notice Whether nothing was ever recorded.
    function isEmpty(PackedCounters packed) internal pure returns (bool) {
        return PackedCounters.unwrap(packed) == 0;
    }

    /// @notice Last window in which something was recorded.
    function windowOf(PackedCounters packed) internal pure returns (uint256) {
        return uint40(PackedCounters.unwrap(packed));
    }

    /// @notice What the word says beside its counters.
    function labelOf(PackedCounters packed) internal pure returns (uint256) {
        return PackedCounters.unwrap(packed) >> LABEL;
    }

    /// @notice Distinct subjects of a rater as seen in `window`, and how many of them it first met in that window.
    function subjectsAt(PackedCounters packed, uint256 window) internal pure returns (uint256 all, uint256 fresh) {
        uint256 label = labelOf(packed);
        return (uint24(label), windowOf(packed) == window ? label >> 24 : 0);
    }

    /// @notice The word with another label, of at most 48 bits.
    function withLabel(PackedCounters packed, uint256 label) internal pure returns (PackedCounters) {
        return PackedCounters.wrap((PackedCounters.unwrap(packed) & ((1 << LABEL) - 1)) | (label << LABEL));
    }

    /// @notice Spreads a word out.
    function unpack(PackedCounters packed) internal pure returns (Counters memory counters) {
        uint256 word = PackedCounters.unwrap(packed);
        counters.window = uint40(word);
        counters.currentPositive = (word >> CURRENT_POSITIVE) & MAXIMUM_COUNT;
        counters.currentNegative = (word >> CURRENT_NEGATIVE) & MAXIMUM_COUNT;
        counters.previousPositive = (word >> PREVIOUS_POSITIVE) & MAXIMUM_COUNT;
        counters.previousNegative = (word >> PREVIOUS_NEGATIVE) & MAXIMUM_COUNT;
        counters.olderPositive = (word >> OLDER_POSITIVE) & MAXIMUM_COUNT;
        counters.olderNegative = (word >> OLDER_NEGATIVE) & MAXIMUM_COUNT;
        counters.label = word >> LABEL;
    }

    /// @notice Packs counters into a word; `fits` is false when one has outgrown its field.
    function pack(Counters memory counters) internal pure returns (bool fits, PackedCounters packed) {
        // Previous ones were packed as current ones before, and a window index is smaller than a block time.
        fits = counters.currentPositive <= MAXIMUM_COUNT && counters.currentNegative <= MAXIMUM_COUNT
            && counters.olderPositive <= MAXIMUM_COUNT && counters.olderNegative <= MAXIMUM_COUNT;
        packed = PackedCounters.wrap(
            counters.window | (counters.currentPositive << CURRENT_POSITIVE)
                | (counters.currentNegative << CURRENT_NEGATIVE) | (counters.previousPositive << PREVIOUS_POSITIVE)
                | (counters.previousNegative << PREVIOUS_NEGATIVE) | (counters.olderPositive << OLDER_POSITIVE)
                | (counters.olderNegative << OLDER_NEGATIVE) | (counters.label << LABEL)
        );
    }

    /// @notice The word after one more interaction in `window`; `fits` is false when a counter has outgrown its field.
    function recorded(PackedCounters packed, uint256 window, bool positive)
        internal
        pure
        returns (bool fits, PackedCounters result)
    {
        if (window != windowOf(packed)) {
            Counters memory counters = unpack(packed);
            advance(counters, window);
            if (positive) counters.currentPositive = 1;
            else counters.currentNegative = 1;
            return pack(counters);
        }
        // Nothing moves along within a window: one counter in its place grows by one.
        uint256 place = positive ? CURRENT_POSITIVE : CURRENT_NEGATIVE;
        uint256 word = PackedCounters.unwrap(packed);
        fits = (word >> place) & MAXIMUM_COUNT != MAXIMUM_COUNT;
        // Without a carry, as a full counter does not fit, and then the result is not used.
        unchecked {
            result = PackedCounters.wrap(word + (1 << place));
        }
    }

    /// @notice Moves counters along, in place, as they stand in `window`, which is not before their own.
    function advance(Counters memory counters, uint256 window) internal pure {
        if (window == counters.window) return;

        counters.olderPositive += counters.previousPositive;
        counters.olderNegative += counters.previousNegative;
        if (window == counters.window + 1) {
            counters.previousPositive = counters.currentPositive;
            counters.previousNegative = counters.currentNegative;
        } else {
            counters.olderPositive += counters.currentPositive;
            counters.olderNegative += counters.currentNegative;
            counters.previousPositive = 0;
            counters.previousNegative = 0;
        }
        counters.currentPositive = 0;
        counters.currentNegative = 0;
        counters.window = window;
    }

    /// @notice Recent and older interactions as seen in `window`, which is not before the word's; with or without its own.
    function countsAt(PackedCounters packed, uint256 window, bool withoutOwn)
        internal
        pure
        returns (IReputationLedger.Counts memory counts)
    {
        Counters memory counters = unpack(packed);
        advance(counters, window);
        if (withoutOwn) (counters.currentPositive, counters.currentNegative) = (0, 0);
        // No cast truncates: each sum has at most three terms of 28 bits.
        counts.recentPositive = uint64(counters.currentPositive + counters.previousPositive);
        counts.recentNegative = uint64(counters.currentNegative + counters.previousNegative);
        counts.olderPositive = uint64(counters.olderPositive);
        counts.olderNegative = uint64(counters.olderNegative);
    }
}
