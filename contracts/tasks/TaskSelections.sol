// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReputationEpochs} from "../reputation/IReputationEpochs.sol";
import {ITaskBoard} from "./ITaskBoard.sol";

/// @title TaskSelections
/// @notice Checks that a recorded selection is the one that the policy gives, and gives the seed of its draw.
library TaskSelections {
    /// @dev As far back as a contract can see block hashes.
    uint256 private constant MAXIMUM_BLOCKS = 256;
    /// @dev The draw takes the uppermost bits of the seed's hash.
    uint256 private constant DRAW_BITS = 53;
    bytes private constant DRAW_DOMAIN = "edgebazaar/selection";

    /// @notice Refuses a selection that cannot be recomputed, does not go by the latest final epoch where it goes by
    /// reputation, or has not led to the provider.
    function requireSelected(
        ITaskBoard.Terms calldata terms,
        address provider,
        ITaskBoard.Selection calldata selection,
        IReputationEpochs.Evidence calldata evidence,
        IReputationEpochs epochs,
        bytes32 seed
    ) internal view {
        bool byReputation = terms.policy == ITaskBoard.SelectionPolicy.SoftmaxReputation
            || terms.policy == ITaskBoard.SelectionPolicy.HighestReputation;
        _requireFit(selection, provider, byReputation);
        if (byReputation) {
            require(selection.epoch == evidence.epoch.window, ITaskBoard.TaskBoard_BadSelection());
            epochs.requireExpectations(evidence, terms.producer, selection.candidates, selection.expectations);
        }
        _requireDrawn(selection, provider, terms.policy, seed);
    }

    /// @notice Seed of the draw: nobody knows it when the task is posted, and the producer cannot choose among blocks.
    function seedOf(bytes32 taskId, uint256 postedBlock) internal view returns (bytes32) {
        require(block.number > postedBlock, ITaskBoard.TaskBoard_SeedNotReady(postedBlock, block.number));
        require(
            block.number - postedBlock <= MAXIMUM_BLOCKS, ITaskBoard.TaskBoard_SeedExpired(postedBlock, block.number)
        );
        return keccak256(abi.encode(taskId, blockhash(postedBlock)));
    }

    /// @dev The provider is among the candidates, who stand in one order only, and nothing is on record that did not count.
    function _requireFit(ITaskBoard.Selection calldata selection, address provider, bool byReputation) private pure {
        uint256 count = selection.candidates.length;
        require(
            selection.expectations.length == (byReputation ? count : 0) && (byReputation || selection.epoch == 0),
            ITaskBoard.TaskBoard_BadSelection()
        );
        bool isCandidate;
        for (uint256 i; i < count; ++i) {
            require(
                i == 0 || selection.candidates[i - 1] < selection.candidates[i],
                ITaskBoard.TaskBoard_BadSelection()
            );
            if (selection.candidates[i] == provider) isCandidate = true;
        }
        require(isCandidate, ITaskBoard.TaskBoard_NotCandidate(provider));
    }

    /// @dev The provider is the one selected, where that takes whole numbers only. The draw of SoftmaxReputation does not,
    /// and under Direct the producer chooses.
    function _requireDrawn(
        ITaskBoard.Selection calldata selection,
        address provider,
        ITaskBoard.SelectionPolicy policy,
        bytes32 seed
    ) private pure {
        uint256 place;
        if (policy == ITaskBoard.SelectionPolicy.HighestReputation) {
            for (uint256 i = 1; i < selection.expectations.length; ++i) {
                if (selection.expectations[i] > selection.expectations[place]) place = i;
            }
        } else if (policy == ITaskBoard.SelectionPolicy.Uniform) {
            uint256 uniform = uint256(sha256(bytes.concat(seed, DRAW_DOMAIN))) >> (256 - DRAW_BITS);
            place = (uniform * selection.candidates.length) >> DRAW_BITS;
        } else {
            return;
        }
        address selected = selection.candidates[place];
        require(provider == selected, ITaskBoard.TaskBoard_NotSelected(provider, selected));
    }
}
