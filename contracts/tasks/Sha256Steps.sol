// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Sha256Steps
/// @notice SHA-256 (FIPS 180-4) from any state on, which the precompile does not offer: it always starts at the beginning.
/// @dev A state is the eight 32-bit words in one bytes32, the first at the left, as the digest of the last block is written.
library Sha256Steps {
    /// @notice State before the first block.
    bytes32 internal constant INITIAL_STATE = 0x6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19;

    /// @dev The 64 round constants, 4 bytes each.
    bytes private constant ROUND_CONSTANTS =
        hex"428a2f9871374491b5c0fbcfe9b5dba53956c25b59f111f1923f82a4ab1c5ed5"
        hex"d807aa9812835b01243185be550c7dc372be5d7480deb1fe9bdc06a7c19bf174"
        hex"e49b69c1efbe47860fc19dc6240ca1cc2de92c6f4a7484aa5cb0a9dc76f988da"
        hex"983e5152a831c66db00327c8bf597fc7c6e00bf3d5a7914706ca635114292967"
        hex"27b70a852e1b21384d2c6dfc53380d13650a7354766a0abb81c2c92e92722c85"
        hex"a2bfe8a1a81a664bc24b8b70c76c51a3d192e819d6990624f40e3585106aa070"
        hex"19a4c1161e376c082748774c34b0bcb5391c0cb34ed8aa4a5b9cca4f682e6ff3"
        hex"748f82ee78a5636f84c878148cc7020890befffaa4506cebbef9a3f7c67178f2";

    error Sha256Steps_PartialBlock(uint256 length);

    /// @notice State after some whole blocks of 64 bytes.
    function absorb(bytes32 state, bytes memory blocks) internal pure returns (bytes32) {
        uint256 length = blocks.length;
        require(length % 64 == 0, Sha256Steps_PartialBlock(length));
        bytes memory constants = ROUND_CONSTANTS;
        // One word for each entry of the message schedule, used again for every block.
        uint256[64] memory schedule;
        for (uint256 start; start < length; start += 64) {
            _expand(schedule, blocks, start);
            state = _compress(state, schedule, constants);
        }
        return state;
    }

    /// @notice The last bytes of a message with the padding that ends it.
    /// @param tail What follows the last absorbed block; at least the last `total % 64` bytes.
    /// @param total Bytes of the whole message.
    function padded(bytes memory tail, uint64 total) internal pure returns (bytes memory) {
        // A one bit, zeros, and the length in bits, so that the message fills blocks.
        uint256 zeros = (119 - total % 64) % 64;
        return abi.encodePacked(tail, bytes1(0x80), new bytes(zeros), uint64(total << 3));
    }

    /// @dev The message schedule of one block. A word doubled to 64 bits turns right by a plain shift; what stands above
    /// 32 bits is cut off in the sum.
    function _expand(uint256[64] memory schedule, bytes memory blocks, uint256 start) private pure {
        assembly ("memory-safe") {
            let source := add(add(blocks, 32), start)
            for { let t := 0 } lt(t, 64) { t := add(t, 4) } {
                mstore(add(schedule, shl(3, t)), shr(224, mload(add(source, t))))
            }
            let end := add(schedule, 2048)
            for { let at := add(schedule, 512) } lt(at, end) { at := add(at, 32) } {
                let x := mul(mload(sub(at, 480)), 0x100000001)
                let sum := xor(xor(shr(7, x), shr(18, x)), shr(35, x))
                sum := and(sum, 0xffffffff)
                x := mul(mload(sub(at, 64)), 0x100000001)
                sum := add(sum, and(xor(xor(shr(17, x), shr(19, x)), shr(42, x)), 0xffffffff))
                sum := add(add(sum, mload(sub(at, 512))), mload(sub(at, 224)))
                mstore(at, and(sum, 0xffffffff))
            }
        }
    }

    /// @dev The 64 rounds of one block on the variables a to h.
    function _compress(bytes32 state, uint256[64] memory schedule, bytes memory constants)
        private
        pure
        returns (bytes32 result)
    {
        assembly ("memory-safe") {
            let a := shr(224, state)
            let b := and(shr(192, state), 0xffffffff)
            let c := and(shr(160, state), 0xffffffff)
            let d := and(shr(128, state), 0xffffffff)
            let e := and(shr(96, state), 0xffffffff)
            let f := and(shr(64, state), 0xffffffff)
            let g := and(shr(32, state), 0xffffffff)
            let h := and(state, 0xffffffff)
            for { let t := 0 } lt(t, 64) { t := add(t, 1) } {
                // h + S1(e) + choice(e, f, g) + constant + schedule
                let x := mul(e, 0x100000001)
                h := add(h, and(xor(xor(shr(6, x), shr(11, x)), shr(25, x)), 0xffffffff))
                h := add(h, xor(g, and(e, xor(f, g))))
                h := add(h, shr(224, mload(add(add(constants, 32), shl(2, t)))))
                h := add(h, mload(add(schedule, shl(5, t))))
                // S0(a) + majority(a, b, c)
                x := mul(a, 0x100000001)
                let y := and(xor(xor(shr(2, x), shr(13, x)), shr(22, x)), 0xffffffff)
                y := add(y, or(and(a, b), and(c, or(a, b))))
                x := and(add(d, h), 0xffffffff)
                y := and(add(h, y), 0xffffffff)
                h := g
                g := f
                f := e
                e := x
                d := c
                c := b
                b := a
                a := y
            }
            result := shl(224, and(add(shr(224, state), a), 0xffffffff))
            result := or(result, shl(192, and(add(shr(192, state), b), 0xffffffff)))
            result := or(result, shl(160, and(add(shr(160, state), c), 0xffffffff)))
            result := or(result, shl(128, and(add(shr(128, state), d), 0xffffffff)))
            result := or(result, shl(96, and(add(shr(96, state), e), 0xffffffff)))
            result := or(result, shl(64, and(add(shr(64, state), f), 0xffffffff)))
            result := or(result, shl(32, and(add(shr(32, state), g), 0xffffffff)))
            result := or(result, and(add(state, h), 0xffffffff))
        }
    }
}
