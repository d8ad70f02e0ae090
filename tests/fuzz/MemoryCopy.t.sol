// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";
import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";

/// @notice Holds the functions of OpenZeppelin that set-up rewrites for EVM shanghai (scripts/openzeppelin_shanghai.py)
/// against loops over single bytes and words.
contract MemoryCopyTest {
    function testFuzz_sliceCopiesExactly(bytes memory data, uint256 start, uint256 end) external pure {
        (start, end) = _range(data.length, start, end);
        bytes memory sliced = Bytes.slice(data, start, end);
        assert(keccak256(sliced) == keccak256(_slice(data, start, end)));
    }

    function testFuzz_spliceMovesDownInPlace(bytes memory data, uint256 start, uint256 end) external pure {
        (start, end) = _range(data.length, start, end);
        bytes memory expected = _slice(data, start, end);
        assert(keccak256(Bytes.splice(data, start, end)) == keccak256(expected));
    }

    function testFuzz_replaceLeavesTheRest(bytes memory data, bytes memory part, uint256 position) external pure {
        position = position % (data.length + 1);
        bytes memory expected = bytes.concat(data);
        for (uint256 i = 0; i < part.length && position + i < data.length; ++i) {
            expected[position + i] = part[i];
        }
        assert(keccak256(Bytes.replace(data, position, part)) == keccak256(expected));
    }

    function testFuzz_replaceMovesWithinOneBuffer(bytes memory data, uint256 position, uint256 offset) external pure {
        position = position % (data.length + 1);
        offset = offset % (data.length + 1);
        bytes memory original = bytes.concat(data);
        bytes memory expected = bytes.concat(data);
        for (uint256 i = 0; offset + i < data.length && position + i < data.length; ++i) {
            expected[position + i] = original[offset + i];
        }
        assert(keccak256(Bytes.replace(data, position, data, offset, data.length)) == keccak256(expected));
    }

    function testFuzz_concatJoins(bytes memory first, bytes memory second, bytes memory third) external pure {
        bytes[] memory parts = new bytes[](3);
        (parts[0], parts[1], parts[2]) = (first, second, third);
        assert(keccak256(Bytes.concat(parts)) == keccak256(bytes.concat(first, second, third)));
    }

    function testFuzz_arraySliceCopiesWords(uint256[] memory values, uint256 start, uint256 end) external pure {
        (start, end) = _range(values.length, start, end);
        uint256[] memory sliced = Arrays.slice(values, start, end);
        assert(sliced.length == end - start);
        for (uint256 i = 0; i < sliced.length; ++i) {
            assert(sliced[i] == values[start + i]);
        }
    }

    function _range(uint256 length, uint256 start, uint256 end) private pure returns (uint256, uint256) {
        end = end % (length + 1);
        return (start % (end + 1), end);
    }

    function _slice(bytes memory data, uint256 start, uint256 end) private pure returns (bytes memory sliced) {
        sliced = new bytes(end - start);
        for (uint256 i = 0; i < sliced.length; ++i) {
            sliced[i] = data[start + i];
        }
    }
}
