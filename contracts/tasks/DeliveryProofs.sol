// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ITaskBoard} from "./ITaskBoard.sol";
import {Sha256Steps} from "./Sha256Steps.sol";

/// @title DeliveryProofs
/// @notice Shows with one chunk that a key opens something else than the content that was promised (FairSwap, Dziembowski,
/// Eckey and Faust 2018, with the steps of SHA-256 as the circuit).
/// @dev Content of `size` bytes lies in chunks of 512, the last one shorter. Unit i of a delivery is, hidden under the
/// key, the state of SHA-256 before chunk i and the chunk. `ciphertextRoot` is the root over the hidden units. If the
/// chunks do not hash to `contentHash`, then some step does not lead from its state to the next: from the initial
/// state to the state of unit 1, from there to that of unit 2, and from the last to `contentHash`. Showing that step
/// takes its chunk and the next state. Of an honest delivery no step is wrong, so nobody can show one.
library DeliveryProofs {
    uint256 internal constant CHUNK_BYTES = 512;

    /// @notice Whether the key makes the shown unit contradict what follows it.
    function refutes(ITaskBoard.Delivery calldata delivery, bytes32 key, ITaskBoard.Evidence calldata evidence)
        internal
        pure
        returns (bool)
    {
        uint256 index = evidence.index;
        bool isLast = _requireFit(delivery.contentSize, index, evidence.chunk.length);
        _requireUnit(
            delivery.ciphertextRoot, index, evidence.state, keccak256(evidence.chunk), evidence.proof
        );

        // The step that the unit claims: from its state over its chunk.
        bytes32 state = index == 0 ? Sha256Steps.INITIAL_STATE : evidence.state ^ _mask(key, index, 0);
        bytes memory chunk = _uncovered(evidence.chunk, key, index);
        if (isLast) {
            bytes memory ending = Sha256Steps.padded(chunk, delivery.contentSize);
            return Sha256Steps.absorb(state, ending) != delivery.contentHash;
        }

        // Where the delivery itself says that the step leads.
        _requireUnit(
            delivery.ciphertextRoot, index + 1, evidence.nextState, evidence.nextChunkHash, evidence.nextProof
        );
        return Sha256Steps.absorb(state, chunk) != evidence.nextState ^ _mask(key, index + 1, 0);
    }

    /// @dev The chunk has to be one of the content's, and as long as that one is.
    function _requireFit(uint256 size, uint256 index, uint256 length) private pure returns (bool isLast) {
        uint256 chunks = (size + CHUNK_BYTES - 1) / CHUNK_BYTES;
        require(index < chunks, ITaskBoard.TaskBoard_NoSuchChunk(index, chunks));
        isLast = index == chunks - 1;
        uint256 expected = isLast ? size - index * CHUNK_BYTES : CHUNK_BYTES;
        require(length == expected, ITaskBoard.TaskBoard_ChunkLength(length, expected));
    }

    /// @dev Leaves are hashes of 96 bytes and inner nodes of 64, so that neither passes for the other; the index in the leaf
    /// fixes its place whatever the path looks like.
    function _requireUnit(bytes32 root, uint256 index, bytes32 state, bytes32 chunkHash, bytes32[] calldata proof)
        private
        pure
    {
        bytes32 leaf = keccak256(abi.encode(index, state, chunkHash));
        require(
            MerkleProof.verifyCalldata(proof, root, leaf), ITaskBoard.TaskBoard_NotDelivered(index)
        );
    }

    /// @dev Word `j` of the chunk lies under mask `j + 1`. The last word may reach beyond the chunk, into the free end of
    /// its memory that nobody reads.
    function _uncovered(bytes calldata hidden, bytes32 key, uint256 index)
        private
        pure
        returns (bytes memory chunk)
    {
        chunk = hidden;
        uint256 words = (chunk.length + 31) / 32;
        for (uint256 j; j < words; ++j) {
            bytes32 mask = _mask(key, index, j + 1);
            assembly ("memory-safe") {
                let at := add(add(chunk, 32), shl(5, j))
                mstore(at, xor(mload(at), mask))
            }
        }
    }

    /// @dev `keccak256(abi.encode(key, index, word))`; word 0 hides the state.
    function _mask(bytes32 key, uint256 index, uint256 word) private pure returns (bytes32 mask) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, key)
            mstore(add(free, 32), index)
            mstore(add(free, 64), word)
            mask := keccak256(free, 96)
        }
    }
}
