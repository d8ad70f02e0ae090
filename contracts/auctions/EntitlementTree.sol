// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @title EntitlementTree
/// @notice Merkle root of what everybody is owed when a round ends: one slot instead of one per bidder.
/// @dev The complete binary tree of OpenZeppelin's merkle-tree package, leaf i at 2n - 2 - i, pairs hashed in ascending order, so
/// that {MerkleProof} and its multiproofs verify it. A leaf hashes two words with at least 72 and 96 leading zero bits, an
/// inner node two hashes, so that none passes for the other.
///
///     leaf = H(72 bits zero | 24 bits index | 160 bits account,  96 bits zero | 160 bits amount)
library EntitlementTree {
    /// @notice Leaf of one account's amount in wei.
    function leafOf(uint256 index, address account, uint256 amount) internal pure returns (bytes32) {
        return Hashes.efficientKeccak256(bytes32(index << 160 | uint160(account)), bytes32(amount));
    }

    /// @notice Room for a tree of `leaves` leaves, at least one.
    function allocate(uint256 leaves) internal pure returns (bytes32[] memory tree) {
        return new bytes32[](2 * leaves - 1);
    }

    /// @notice Sets a leaf of a tree.
    function set(bytes32[] memory tree, uint256 index, bytes32 leaf) internal pure {
        tree[tree.length - 1 - index] = leaf;
    }

    /// @notice Hashes all pairs and returns the root.
    function rootOf(bytes32[] memory tree) internal pure returns (bytes32 root) {
        // `for (uint256 i = tree.length / 2; i > 0; --i) tree[i - 1] = commutativeKeccak256(tree[2 * i - 1], tree[2 * i]);`
        // without checks of bounds: 2 * i is at most the last index, as the length is odd.
        assembly ("memory-safe") {
            let nodes := add(tree, 0x20)
            let node := add(nodes, shl(5, shr(1, mload(tree))))
            let child := add(nodes, shl(5, sub(mload(tree), 1)))
            for {} gt(node, nodes) {} {
                let right := mload(child)
                let left := mload(sub(child, 0x20))
                let swap := gt(left, right)
                mstore(shl(5, swap), left)
                mstore(shl(5, iszero(swap)), right)
                node := sub(node, 0x20)
                mstore(node, keccak256(0x00, 0x40))
                child := sub(child, 0x40)
            }
            root := mload(nodes)
        }
    }
}
