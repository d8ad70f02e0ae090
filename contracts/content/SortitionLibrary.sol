// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITaskStakes} from "../tasks/ITaskStakes.sol";

/// @title SortitionLibrary
/// @notice Draws eligible providers from all who ever staked.
/// @dev Each try takes one place of the list at random, so all eligible have the same chance; a list with few eligible
/// among many may give a smaller sample. The number of tries bounds the cost.
library SortitionLibrary {
    uint256 internal constant SAMPLE_SIZE = 5;
    uint256 internal constant MINIMUM_SAMPLE = 3;
    uint256 private constant MAXIMUM_TRIES = 48;

    /// @notice Up to {SAMPLE_SIZE} distinct eligible providers, neither of the two parties among them.
    function draw(ITaskStakes stakes, bytes32 seed, address accused, address asserter)
        internal
        view
        returns (address[] memory sample)
    {
        uint256 listed = stakes.providerCount();
        address[] memory drawn = new address[](SAMPLE_SIZE);
        uint256 size;
        for (uint256 i; i < MAXIMUM_TRIES && size < SAMPLE_SIZE && listed != 0; ++i) {
            address candidate = stakes.providerAt(uint256(keccak256(abi.encode(seed, i))) % listed);
            if (candidate == accused || candidate == asserter || contains(drawn, size, candidate)) continue;
            if (stakes.isEligible(candidate)) drawn[size++] = candidate;
        }
        sample = new address[](size);
        for (uint256 i; i < size; ++i) {
            sample[i] = drawn[i];
        }
    }

    /// @notice Whether an account is among the first `size` of a sample.
    function contains(address[] memory sample, uint256 size, address account) internal pure returns (bool) {
        for (uint256 i; i < size; ++i) {
            if (sample[i] == account) return true;
        }
        return false;
    }
}
