// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title ChallengeLanesLibrary
/// @notice The up to four open challenges against one token, each in a lane of one word.
/// @dev A lane holds the priority (block of commitment) of its challenge's original once a verdict is known, and whether
/// that verdict upheld the challenge:
///
///     88 bits empty | 4 upheld | 4 occupied, the first inverted | 4 x 40 priority
///
/// The word is only asked while the token is frozen, and a frozen token has an open challenge. Zero therefore stands for
/// "one, in the first lane, undecided", and a lone challenge is opened without a word of its own.
library ChallengeLanesLibrary {
    uint256 internal constant LANES = 4;
    uint256 private constant FIRST_OCCUPIED = 1 << 160;

    /// @notice The word with the lowest free lane taken; `lane` is {LANES} when there is none.
    function take(uint256 word) internal pure returns (uint256 taken, uint8 lane) {
        taken = word ^ FIRST_OCCUPIED;
        while (lane < LANES && _isOccupied(taken, lane)) ++lane;
        if (lane == LANES) return (word, lane);
        taken = (taken | FIRST_OCCUPIED << lane) ^ FIRST_OCCUPIED;
    }

    /// @notice The word with the verdict of a lane.
    function decide(uint256 word, uint8 lane, uint40 priority, bool upheld) internal pure returns (uint256) {
        return word | uint256(priority) << (40 * lane) | uint256(upheld ? 1 : 0) << (164 + lane);
    }

    /// @notice The word with a lane emptied, and whether any other is occupied.
    function release(uint256 word, uint8 lane) internal pure returns (uint256 released, bool othersOpen) {
        released = word ^ FIRST_OCCUPIED;
        released &= ~(uint256(type(uint40).max) << (40 * lane) | uint256(0x11) << (160 + lane));
        othersOpen = (released >> 160) & 0xf != 0;
        released ^= FIRST_OCCUPIED;
    }

    /// @notice Number of occupied lanes.
    function count(uint256 word) internal pure returns (uint256 occupied) {
        for (uint8 lane; lane < LANES; ++lane) {
            if (_isOccupied(word ^ FIRST_OCCUPIED, lane)) ++occupied;
        }
    }

    /// @notice Priority of a lane's original, 0 before its verdict.
    function priorityOf(uint256 word, uint8 lane) internal pure returns (uint40) {
        // Safe cast: cuts off the lanes above.
        return uint40(word >> (40 * lane));
    }

    /// @notice The least priority of a lane with an upheld verdict; the largest number when there is none.
    function earliestUpheld(uint256 word) internal pure returns (uint40 priority) {
        priority = type(uint40).max;
        for (uint8 lane; lane < LANES; ++lane) {
            bool upheld = (word >> (164 + lane)) & 1 != 0;
            if (upheld && priorityOf(word, lane) < priority) priority = priorityOf(word, lane);
        }
    }

    function _isOccupied(uint256 plain, uint8 lane) private pure returns (bool) {
        return (plain >> (160 + lane)) & 1 != 0;
    }
}
