// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {DeliveryProofs} from "../../contracts/tasks/DeliveryProofs.sol";
import {ITaskBoard} from "../../contracts/tasks/ITaskBoard.sol";
import {Sha256Steps} from "../../contracts/tasks/Sha256Steps.sol";
import {ForgeTest} from "./support/ForgeTest.sol";

/// @notice Right deliveries are never refuted, wrong ones are at the step that is wrong; contents of up to four chunks.
contract DeliveryProofsTest is ForgeTest {
    uint256 private constant CHUNK = DeliveryProofs.CHUNK_BYTES;
    bytes32 private constant KEY = keccak256("key");

    bytes32[] private states;
    bytes[] private chunks;
    bytes32[] private leaves;

    function testFuzz_aRightDeliveryIsNeverRefuted(uint256 sizeDraw, bytes32 seed, uint256 indexDraw) public {
        bytes memory content = contentOf(bound(sizeDraw, 1, 4 * CHUNK), seed);
        encrypt(content);
        uint256 index = indexDraw % chunks.length;
        assertTrue(!this.refutes(deliveryOf(content), KEY, evidenceOf(index)), "right, and refuted");
    }

    function testFuzz_anyOtherPromiseIsRefutedAtTheEnd(uint256 sizeDraw, bytes32 seed, bytes32 promised) public {
        bytes memory content = contentOf(bound(sizeDraw, 1, 4 * CHUNK), seed);
        vm.assume(promised != sha256(content));
        encrypt(content);
        ITaskBoard.Delivery memory delivery = deliveryOf(content);
        delivery.contentHash = promised;
        for (uint256 i; i < chunks.length; ++i) {
            bool isLast = i == chunks.length - 1;
            assertTrue(this.refutes(delivery, KEY, evidenceOf(i)) == isLast, "the last step, and it alone");
        }
    }

    function testFuzz_aDamagedChunkIsRefutedWhereItIs(
        uint256 sizeDraw,
        bytes32 seed,
        uint256 indexDraw,
        uint256 placeDraw,
        bytes1 damage
    ) public {
        vm.assume(damage != 0);
        bytes memory content = contentOf(bound(sizeDraw, 1, 4 * CHUNK), seed);
        encrypt(content);
        uint256 index = indexDraw % chunks.length;
        chunks[index][placeDraw % chunks[index].length] ^= damage;
        plant();
        ITaskBoard.Delivery memory delivery = deliveryOf(content);
        for (uint256 i; i < chunks.length; ++i) {
            assertTrue(this.refutes(delivery, KEY, evidenceOf(i)) == (i == index), "there, and nowhere else");
        }
    }

    function testFuzz_nothingButTheDeliveredUnitIsHeard(uint256 sizeDraw, bytes32 seed, uint256 change) public {
        bytes memory content = contentOf(bound(sizeDraw, CHUNK + 1, 4 * CHUNK), seed);
        encrypt(content);
        ITaskBoard.Evidence memory evidence = evidenceOf(0);
        ITaskBoard.Delivery memory delivery = deliveryOf(content);
        uint256 wrong;
        if (change % 6 == 0) evidence.state ^= bytes32(uint256(1));
        else if (change % 6 == 1) evidence.chunk[0] ^= 0x01;
        else if (change % 6 == 2) evidence.proof = new bytes32[](1);
        else if (change % 6 == 3) (evidence.nextState, wrong) = (evidence.nextState ^ bytes32(uint256(1)), 1);
        else if (change % 6 == 4) (evidence.nextChunkHash, wrong) = (evidence.nextChunkHash ^ bytes32(uint256(1)), 1);
        else (evidence.nextProof, wrong) = (new bytes32[](1), 1);
        vm.expectRevert(abi.encodeWithSelector(ITaskBoard.TaskBoard_NotDelivered.selector, wrong));
        this.refutes(delivery, KEY, evidence);
    }

    function testFuzz_chunksAreThoseOfTheContent(uint256 sizeDraw, uint256 index, uint16 length) public {
        uint256 size = bound(sizeDraw, 1, 4 * CHUNK);
        bytes memory content = contentOf(size, 0);
        encrypt(content);
        ITaskBoard.Evidence memory evidence = evidenceOf(0);
        ITaskBoard.Delivery memory delivery = deliveryOf(content);
        if (index >= chunks.length) {
            evidence.index = index;
            vm.expectRevert(
                abi.encodeWithSelector(ITaskBoard.TaskBoard_NoSuchChunk.selector, index, chunks.length)
            );
        } else {
            uint256 expected = index == chunks.length - 1 ? size - index * CHUNK : CHUNK;
            vm.assume(length != expected);
            (evidence.index, evidence.chunk) = (index, new bytes(length));
            vm.expectRevert(abi.encodeWithSelector(ITaskBoard.TaskBoard_ChunkLength.selector, length, expected));
        }
        this.refutes(delivery, KEY, evidence);
    }

    function refutes(ITaskBoard.Delivery calldata delivery, bytes32 key, ITaskBoard.Evidence calldata evidence)
        external
        pure
        returns (bool)
    {
        return DeliveryProofs.refutes(delivery, key, evidence);
    }

    function deliveryOf(bytes memory content) private view returns (ITaskBoard.Delivery memory delivery) {
        delivery.contentHash = sha256(content);
        delivery.contentSize = uint40(content.length);
        delivery.ciphertextRoot = root();
    }

    function evidenceOf(uint256 index) private view returns (ITaskBoard.Evidence memory evidence) {
        (evidence.index, evidence.state, evidence.chunk) = (index, states[index], chunks[index]);
        evidence.proof = path(index);
        if (index + 1 == chunks.length) return evidence;
        (evidence.nextState, evidence.nextChunkHash) = (states[index + 1], keccak256(chunks[index + 1]));
        evidence.nextProof = path(index + 1);
    }

    function encrypt(bytes memory content) private {
        (states, chunks) = (new bytes32[](0), new bytes[](0));
        bytes32 state = Sha256Steps.INITIAL_STATE;
        for (uint256 start; start < content.length; start += CHUNK) {
            uint256 index = chunks.length;
            uint256 length = content.length - start < CHUNK ? content.length - start : CHUNK;
            bytes memory chunk = new bytes(length);
            for (uint256 i; i < length; ++i) {
                chunk[i] = content[start + i];
            }
            bytes32 next = length == CHUNK ? Sha256Steps.absorb(state, chunk) : bytes32(0);
            for (uint256 i; i < length; ++i) {
                chunk[i] ^= mask(index, i / 32 + 1)[i % 32];
            }
            states.push(state ^ mask(index, 0));
            chunks.push(chunk);
            state = next;
        }
        plant();
    }

    function plant() private {
        leaves = new bytes32[](0);
        for (uint256 i; i < chunks.length; ++i) {
            leaves.push(keccak256(abi.encode(i, states[i], keccak256(chunks[i]))));
        }
    }

    /// @dev A tree of up to four leaves; a node without a neighbour moves up as it is.
    function root() private view returns (bytes32) {
        if (leaves.length == 1) return leaves[0];
        bytes32 left = Hashes.commutativeKeccak256(leaves[0], leaves[1]);
        return leaves.length == 2 ? left : Hashes.commutativeKeccak256(left, right());
    }

    function right() private view returns (bytes32) {
        return leaves.length == 3 ? leaves[2] : Hashes.commutativeKeccak256(leaves[2], leaves[3]);
    }

    function path(uint256 index) private view returns (bytes32[] memory proof) {
        if (leaves.length == 1) return proof;
        uint256 length = leaves.length == 2 || (leaves.length == 3 && index == 2) ? 1 : 2;
        proof = new bytes32[](length);
        if (index < 2) {
            proof[0] = leaves[1 - index];
            if (length == 2) proof[1] = right();
            return proof;
        }
        if (length == 2) proof[0] = leaves[5 - index];
        proof[length - 1] = Hashes.commutativeKeccak256(leaves[0], leaves[1]);
    }

    function contentOf(uint256 size, bytes32 seed) private pure returns (bytes memory content) {
        content = new bytes(size);
        for (uint256 i; i < size; ++i) {
            content[i] = keccak256(abi.encode(seed, i / 32))[i % 32];
        }
    }

    function mask(uint256 index, uint256 word) private pure returns (bytes32) {
        return keccak256(abi.encode(KEY, index, word));
    }
}
