// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {IReputationEpochs} from "./IReputationEpochs.sol";

/// @title ReputationLeafLibrary
/// @notice Hashes, places and order of the leaves of an epoch.
/// @dev The tree is filled up with zero hashes to a power of two. Pairs of hashes are not sorted, unlike those of
/// OpenZeppelin's MerkleProof: that a leaf is missing shows in the places of its neighbours, so a path must tell places.
/// A leaf is the hash of four words and a node that of two, so that neither passes for the other.
library ReputationLeafLibrary {
    /// @notice Hash of a leaf.
    function hashOf(IReputationEpochs.Leaf calldata leaf) internal pure returns (bytes32) {
        return hashOf(
            leaf.rater, leaf.subject, leaf.expectation, keccak256(abi.encode(leaf.opinion, leaf.recommenders))
        );
    }

    /// @notice Hash of a leaf by the hash of its details.
    function hashOf(address rater, address subject, uint256 expectation, bytes32 details)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(rater, subject, expectation, details));
    }

    /// @notice Whether a leaf is at a place of an epoch's tree.
    function isAt(IReputationEpochs.Epoch calldata epoch, uint256 index, bytes32 leaf, bytes32[] calldata path)
        internal
        pure
        returns (bool)
    {
        if (index >= epoch.leaves || path.length != depthOf(epoch.leaves)) return false;
        bytes32 node = leaf;
        for (uint256 i; i < path.length; ++i) {
            node = (index >> i) & 1 == 0
                ? Hashes.efficientKeccak256(node, path[i])
                : Hashes.efficientKeccak256(path[i], node);
        }
        return node == epoch.root;
    }

    /// @notice Levels of hashes above a number of leaves.
    function depthOf(uint256 leaves) internal pure returns (uint256 depth) {
        while ((1 << depth) < leaves) ++depth;
    }

    /// @notice Whether a pair comes before another.
    function isBefore(address rater, address subject, address otherRater, address otherSubject)
        internal
        pure
        returns (bool)
    {
        return rater < otherRater || (rater == otherRater && subject < otherSubject);
    }
}
