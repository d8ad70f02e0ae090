// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITaskBoard} from "./ITaskBoard.sol";

/// @title TaskSelections
/// @notice Checks that a recorded selection can be recomputed, and gives the seed of its draw.
library TaskSelections {
    /// @dev As many as the reputation ledger fuses.
    uint256 private constant MAXIMUM_RECOMMENDERS = 16;
    /// @dev As far back as a contract can see block hashes.
    uint256 private constant MAXIMUM_BLOCKS = 256;

    /// @notice Refuses a selection that names the provider not, twice, or without what it was chosen by.
    function requireFit(ITaskBoard.Selection calldata selection, address provider) internal view {
        require(
            selection.candidates.length == selection.expectations.length
                && selection.recommenders.length <= MAXIMUM_RECOMMENDERS && selection.evaluatedAt <= block.number,
            ITaskBoard.TaskBoard_BadSelection()
        );
        bool isCandidate;
        for (uint256 i; i < selection.candidates.length; ++i) {
            require(
                i == 0 || selection.candidates[i - 1] < selection.candidates[i],
                ITaskBoard.TaskBoard_BadSelection()
            );
            if (selection.candidates[i] == provider) isCandidate = true;
        }
        require(isCandidate, ITaskBoard.TaskBoard_NotCandidate(provider));
    }

    /// @notice Seed of the draw: nobody knows it when the task is posted, and the producer cannot choose among blocks.
    function seedOf(bytes32 taskId, uint256 postedBlock) internal view returns (bytes32) {
        require(block.number > postedBlock, ITaskBoard.TaskBoard_SeedNotReady(postedBlock, block.number));
        require(
            block.number - postedBlock <= MAXIMUM_BLOCKS, ITaskBoard.TaskBoard_SeedExpired(postedBlock, block.number)
        );
        return keccak256(abi.encode(taskId, blockhash(postedBlock)));
    }
}
