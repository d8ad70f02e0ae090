// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Bytes
/// @notice Takes the place of OpenZeppelin's library of this name, which uses an instruction (MCOPY) that EVM `shanghai`
/// does not have and therefore does not compile there.
/// @dev A remapping puts it in place. OpenZeppelin's Strings, through which ERC-721 and EIP-712 import that library, needs
/// this one function of it; an import that needs another fails to compile and belongs here.
library Bytes {
    /// @notice Whether two byte strings are equal.
    function equal(bytes memory a, bytes memory b) internal pure returns (bool) {
        return keccak256(a) == keccak256(b);
    }
}
