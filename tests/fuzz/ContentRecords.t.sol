// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ContentState, ContentStates} from "../../contracts/content/ContentState.sol";
import {MerkleTreeLibrary} from "../../contracts/content/MerkleTreeLibrary.sol";
import {ForgeTest} from "./support/ForgeTest.sol";

/// @notice The word of a token and the tree of records, against plain Solidity.
contract ContentRecordsTest is ForgeTest {
    function testFuzz_stateKeepsEveryField(
        uint32 creatorNumber,
        uint16 royaltyBps,
        uint8 exchange,
        bool challenged,
        bool removed
    ) public pure {
        ContentState state = ContentStates.created(creatorNumber, royaltyBps);
        assertTrue(state.isFree(), "new content is free");
        state = state.withExchange(uint8(~exchange)).withChallenged(!challenged);
        if (removed) state = state.withRemoved();
        state = state.withExchange(exchange).withChallenged(challenged);
        assertEq(state.creatorNumber(), creatorNumber, "creator");
        assertEq(state.royaltyBps(), royaltyBps, "royalty");
        assertEq(state.exchange(), exchange, "exchange");
        assertTrue(state.isChallenged() == challenged, "challenged");
        assertTrue(state.isRemoved() == removed, "removed");
        assertTrue(state.isFree() == (exchange == 0 && !challenged && !removed), "free");
    }

    function testFuzz_rootIsProvenForEveryLeaf(bytes32 seed, uint8 size) public view {
        uint256 count = 1 + size % 40;
        bytes32[] memory leaves = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            leaves[i] = keccak256(abi.encode(seed, i));
        }
        bytes32 root = MerkleTreeLibrary.rootOf(leaves);
        for (uint256 i; i < count; ++i) {
            bytes32[] memory proof = this.proofOf(leaves, i);
            assertTrue(MerkleProof.verify(proof, root, leaves[i]), "a leaf is not proven");
            assertTrue(!MerkleProof.verify(proof, root, keccak256(abi.encode(leaves[i]))), "a stranger is proven");
        }
    }

    /// @notice The siblings of a leaf, found by building every node in plain Solidity.
    function proofOf(bytes32[] memory leaves, uint256 index) external pure returns (bytes32[] memory proof) {
        bytes32[] memory nodes = new bytes32[](2 * leaves.length - 1);
        for (uint256 i; i < leaves.length; ++i) {
            nodes[leaves.length - 1 + i] = leaves[i];
        }
        for (uint256 k = leaves.length - 1; k > 0; --k) {
            (bytes32 first, bytes32 second) = (nodes[2 * k - 1], nodes[2 * k]);
            nodes[k - 1] = first < second
                ? keccak256(abi.encodePacked(first, second))
                : keccak256(abi.encodePacked(second, first));
        }
        uint256 depth;
        uint256 start = leaves.length - 1 + index;
        for (uint256 k = start; k > 0; k = (k - 1) / 2) {
            ++depth;
        }
        proof = new bytes32[](depth);
        for (uint256 i; i < depth; ++i) {
            proof[i] = start % 2 == 1 ? nodes[start + 1] : nodes[start - 1];
            start = (start - 1) / 2;
        }
    }
}
