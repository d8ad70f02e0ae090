// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReputationLedger} from "./IReputationLedger.sol";

/// @dev One word of counters, of a pair or of a rater over all subjects:
///
///     24 bits  | 32     | 32     | 32       | 32       | 32      | 32      | 40
///     subjects | older- | older+ | previous-| previous+| current-| current+| window
///
/// The window is the index of the last one in which something was recorded. Subjects stays zero for a pair.
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
        uint256 subjects;
    }

    uint256 private constant MAXIMUM_COUNT = type(uint32).max;
    uint256 private constant MAXIMUM_SUBJECTS = type(uint24).max;

    /// @notice Whether nothing was ever recorded.
    function isEmpty(PackedCounters packed) internal pure returns (bool) {
        return PackedCounters.unwrap(packed) == 0;
    }

    /// @notice Spreads a word out.
    function unpack(PackedCounters packed) internal pure returns (Counters memory counters) {
        uint256 word = PackedCounters.unwrap(packed);
        counters.window = uint40(word);
        counters.currentPositive = uint32(word >> 40);
        counters.currentNegative = uint32(word >> 72);
        counters.previousPositive = uint32(word >> 104);
        counters.previousNegative = uint32(word >> 136);
        counters.olderPositive = uint32(word >> 168);
        counters.olderNegative = uint32(word >> 200);
        counters.subjects = word >> 232;
    }

    /// @notice Packs counters into a word; `fits` is false when one has outgrown its field.
    function pack(Counters memory counters) internal pure returns (bool fits, PackedCounters packed) {
        // Previous ones were packed as current ones before, and a window index is smaller than a block time.
        fits = counters.currentPositive <= MAXIMUM_COUNT && counters.currentNegative <= MAXIMUM_COUNT
            && counters.olderPositive <= MAXIMUM_COUNT && counters.olderNegative <= MAXIMUM_COUNT
            && counters.subjects <= MAXIMUM_SUBJECTS;
        packed = PackedCounters.wrap(
            counters.window | (counters.currentPositive << 40) | (counters.currentNegative << 72)
                | (counters.previousPositive << 104) | (counters.previousNegative << 136)
                | (counters.olderPositive << 168) | (counters.olderNegative << 200) | (counters.subjects << 232)
        );
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

    /// @notice Adds one interaction to counters that stand in the present window.
    function add(Counters memory counters, bool positive) internal pure {
        if (positive) ++counters.currentPositive;
        else ++counters.currentNegative;
    }

    /// @notice Recent and older interactions as seen in `window`.
    function countsAt(PackedCounters packed, uint256 window)
        internal
        pure
        returns (IReputationLedger.Counts memory counts)
    {
        Counters memory counters = unpack(packed);
        advance(counters, window);
        // No cast truncates: each sum has at most three terms of 32 bits.
        counts.recentPositive = uint64(counters.currentPositive + counters.previousPositive);
        counts.recentNegative = uint64(counters.currentNegative + counters.previousNegative);
        counts.olderPositive = uint64(counters.olderPositive);
        counts.olderNegative = uint64(counters.olderNegative);
    }
}
