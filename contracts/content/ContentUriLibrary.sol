// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ContentUriLibrary
/// @notice Names content by its hash.
library ContentUriLibrary {
    bytes16 private constant HEX_DIGITS = "0123456789abcdef";

    /// @notice `urn:sha256:` and the hash in 64 lower-case hex digits.
    function ofHash(bytes32 contentHash) internal pure returns (string memory) {
        bytes memory digits = new bytes(64);
        for (uint256 i; i < 32; ++i) {
            digits[2 * i] = HEX_DIGITS[uint8(contentHash[i]) >> 4];
            digits[2 * i + 1] = HEX_DIGITS[uint8(contentHash[i]) & 0xf];
        }
        return string.concat("urn:sha256:", string(digits));
    }
}
