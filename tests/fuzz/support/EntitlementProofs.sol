// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EntitlementTree} from "../../../contracts/auctions/EntitlementTree.sol";
import {IAuctionHouse} from "../../../contracts/auctions/IAuctionHouse.sol";

/// @title EntitlementProofs
/// @notice Proofs of one and of many entitlements, as OpenZeppelin's merkle-tree package makes them.
library EntitlementProofs {
    /// @dev All nodes; the root is the first.
    function treeOf(IAuctionHouse.Entitlement[] memory all) internal pure returns (bytes32[] memory tree) {
        tree = EntitlementTree.allocate(all.length);
        for (uint256 i; i < all.length; ++i) {
            EntitlementTree.set(tree, i, EntitlementTree.leafOf(all[i].index, all[i].account, all[i].amount));
        }
        EntitlementTree.rootOf(tree);
    }

    function proofOf(bytes32[] memory tree, uint256 index) internal pure returns (bytes32[] memory proof) {
        uint256 node = tree.length - 1 - index;
        uint256 depth;
        for (uint256 i = node; i > 0; i = (i - 1) / 2) ++depth;
        proof = new bytes32[](depth);
        for (uint256 i; i < depth; ++i) {
            proof[i] = tree[siblingOf(node)];
            node = (node - 1) / 2;
        }
    }

    /// @dev `chosen[i]` tells whether leaf i is one of them.
    function multiProofOf(bytes32[] memory tree, bool[] memory chosen)
        internal
        pure
        returns (bytes32[] memory proof, bool[] memory flags)
    {
        uint256[] memory queue = new uint256[](2 * tree.length);
        uint256 last;
        for (uint256 i; i < chosen.length; ++i) {
            if (chosen[i]) queue[last++] = tree.length - 1 - i;
        }
        (proof, flags) = (new bytes32[](tree.length), new bool[](tree.length));
        uint256 proofs;
        uint256 steps;
        for (uint256 first; queue[first] > 0; ++steps) {
            uint256 node = queue[first++];
            if (first < last && queue[first] == siblingOf(node)) {
                flags[steps] = true;
                ++first;
            } else {
                proof[proofs++] = tree[siblingOf(node)];
            }
            queue[last++] = (node - 1) / 2;
        }
        (proof, flags) = (shortened(proof, proofs), shortened(flags, steps));
    }

    function siblingOf(uint256 node) private pure returns (uint256) {
        return node % 2 == 0 ? node - 1 : node + 1;
    }

    function shortened(bytes32[] memory list, uint256 length) private pure returns (bytes32[] memory first) {
        first = new bytes32[](length);
        for (uint256 i; i < length; ++i) first[i] = list[i];
    }

    function shortened(bool[] memory list, uint256 length) private pure returns (bool[] memory first) {
        first = new bool[](length);
        for (uint256 i; i < length; ++i) first[i] = list[i];
    }
}
