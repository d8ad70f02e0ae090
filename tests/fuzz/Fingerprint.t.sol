// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FingerprintLibrary} from "../../contracts/content/FingerprintLibrary.sol";
import {ForgeTest} from "./support/ForgeTest.sol";

/// @notice The distance of fingerprints against a loop over single bits, and as the metric that it is.
contract FingerprintTest is ForgeTest {
    function testFuzz_distanceEqualsTheCountOfDifferingBits(bytes32 first, bytes32 second) external pure {
        assertEq(FingerprintLibrary.distance(first, second), loopOverBits(first ^ second), "distance");
    }

    /// @dev Random words differ in about half of their bits; this reaches the rest, full words included.
    function testFuzz_distanceOfRunsOfBits(bytes32 first, uint16 length, uint8 shift) external pure {
        length = uint16(bound(length, 0, 256));
        uint256 run = length == 256 ? type(uint256).max : (1 << length) - 1;
        run = run << shift | run >> (256 - uint256(shift));
        assertEq(FingerprintLibrary.distance(first, first ^ bytes32(run)), length, "distance of a run");
    }

    function testFuzz_distanceIsAMetric(bytes32 first, bytes32 second, bytes32 third) external pure {
        uint256 direct = FingerprintLibrary.distance(first, third);
        uint256 detour = FingerprintLibrary.distance(first, second) + FingerprintLibrary.distance(second, third);
        assertLe(direct, detour, "triangle inequality");
        assertEq(direct, FingerprintLibrary.distance(third, first), "symmetry");
        assertEq(FingerprintLibrary.distance(first, first), 0, "distance to itself");
    }

    function testFuzz_everyDistanceTakesTheSameGas(bytes32 first, bytes32 second) external view {
        assertEq(gasOf(first, second), gasOf(bytes32(0), bytes32(type(uint256).max)), "gas");
    }

    function gasOf(bytes32 first, bytes32 second) private view returns (uint256 gasUsed) {
        uint256 before = gasleft();
        FingerprintLibrary.distance(first, second);
        gasUsed = before - gasleft();
    }

    function loopOverBits(bytes32 word) private pure returns (uint256 count) {
        for (uint256 i; i < 256; ++i) {
            if (uint256(word) >> i & 1 == 1) ++count;
        }
    }
}
