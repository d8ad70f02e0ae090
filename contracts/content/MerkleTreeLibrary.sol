// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @title MerkleTreeLibrary
/// @notice Root of a Merkle tree whose proofs OpenZeppelin's `MerkleProof` verifies.
/// @dev A complete binary tree in one array: node `k` has the children `2k + 1` and `2k + 2`, the leaves end the array and
/// node 0 is the root. A tree of one leaf is that leaf. Warning: leaves must not be hashes of 64 bytes, or an inner node
/// could pass for a leaf.
library MerkleTreeLibrary {
    /// @notice The root over at least one leaf.
    function rootOf(bytes32[] memory leaves) internal pure returns (bytes32) {
        uint256 count = leaves.length;
        if (count == 1) return leaves[0];
        bytes32[] memory inner = new bytes32[](count - 1);
        // Safe "unchecked": all indices stay below 2 * count.
        unchecked {
            for (uint256 k = count - 1; k > 0; --k) {
                uint256 left = 2 * k - 1;
                bytes32 first = left < count - 1 ? inner[left] : leaves[left + 1 - count];
                bytes32 second = left + 1 < count - 1 ? inner[left + 1] : leaves[left + 2 - count];
                inner[k - 1] = Hashes.commutativeKeccak256(first, second);
            }
        }
        return inner[0];
    }
}
