// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FingerprintLibrary} from "../../contracts/content/FingerprintLibrary.sol";
import {ProofTest} from "./support/ProofTest.sol";

/// @notice The distance is the number of differing bits. For a lane of 16 bits this is proved against the definition, a count
/// of single bits; then that two halves of 32, 64, 128 and 256 bits add up. Together they cover all pairs of 256 bits.
/// @dev The whole at once is too much for the solvers.
contract FingerprintProof is ProofTest {
    function check_aLaneCountsItsBits(uint16 lane) external pure {
        uint256 count;
        for (uint256 i; i < 16; ++i) {
            count += (uint256(lane) >> i) & 1;
        }
        assert(countOf(lane) == count);
    }

    function check_halvesOf32BitsAddUp(uint16 upper, uint16 lower) external pure {
        assert(countOf(uint256(upper) << 16 | lower) == countOf(upper) + countOf(lower));
    }

    function check_halvesOf64BitsAddUp(uint32 upper, uint32 lower) external pure {
        assert(countOf(uint256(upper) << 32 | lower) == countOf(upper) + countOf(lower));
    }

    function check_halvesOf128BitsAddUp(uint64 upper, uint64 lower) external pure {
        assert(countOf(uint256(upper) << 64 | lower) == countOf(upper) + countOf(lower));
    }

    function check_halvesOf256BitsAddUp(uint128 upper, uint128 lower) external pure {
        assert(countOf(uint256(upper) << 128 | lower) == countOf(upper) + countOf(lower));
    }

    function check_theDistanceCountsWhatDiffers(bytes32 first, bytes32 second) external pure {
        assert(FingerprintLibrary.distance(first, second) == countOf(uint256(first ^ second)));
    }

    function countOf(uint256 word) private pure returns (uint256) {
        return FingerprintLibrary.distance(bytes32(word), 0);
    }
}
