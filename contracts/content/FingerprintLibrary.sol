// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title FingerprintLibrary
/// @notice Similarity of 256-bit perceptual fingerprints.
library FingerprintLibrary {
    uint256 private constant EVERY_SECOND_BIT = type(uint256).max / 0x3;
    uint256 private constant EVERY_SECOND_PAIR = type(uint256).max / 0x5;
    uint256 private constant EVERY_SECOND_NIBBLE = type(uint256).max / 0x11;
    uint256 private constant EVERY_SECOND_BYTE = type(uint256).max / 0x101;
    uint256 private constant ONE_IN_EVERY_LANE = type(uint256).max / 0xffff;

    /// @notice Hamming distance: the number of bits, 0 to 256, in which two fingerprints differ.
    /// @dev Takes the same time for all inputs. Neighbouring lanes of the word are added to each other until 16 lanes of 16
    /// bits each count theirs; one product then sums them up in the topmost lane. The lanes are that wide because 256 does
    /// not fit in a byte.
    function distance(bytes32 first, bytes32 second) internal pure returns (uint256 bits) {
        // Safe "unchecked": no lane exceeds its width, and what the product carries beyond the word is not wanted.
        unchecked {
            bits = uint256(first ^ second);
            bits = (bits & EVERY_SECOND_BIT) + ((bits >> 1) & EVERY_SECOND_BIT);
            bits = (bits & EVERY_SECOND_PAIR) + ((bits >> 2) & EVERY_SECOND_PAIR);
            bits = (bits + (bits >> 4)) & EVERY_SECOND_NIBBLE;
            bits = (bits + (bits >> 8)) & EVERY_SECOND_BYTE;
            bits = (bits * ONE_IN_EVERY_LANE) >> 240;
        }
    }
}
