// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReputationEpochs} from "./IReputationEpochs.sol";
import {IReputationLedger} from "./IReputationLedger.sol";
import {OpinionLibrary} from "./OpinionLibrary.sol";
import {ReputationLeafLibrary} from "./ReputationLeafLibrary.sol";

/// @title ReputationFaults
/// @notice What is wrong with a published leaf, and where one is missing, by the counters of the ledger.
library ReputationFaults {
    /// @dev As many as the reputation ledger fuses.
    uint256 private constant MAXIMUM_RECOMMENDERS = 16;

    /// @notice Whether a leaf is not what the counters give at the beginning of `window`, which is the present one.
    /// @param omitted An account that may belong among the recommenders, zero for none.
    function isWrong(
        IReputationLedger ledger,
        uint256 window,
        IReputationEpochs.Leaf calldata leaf,
        address omitted
    ) internal view returns (bool) {
        if (!ledger.isKnownBefore(window, leaf.rater, leaf.subject)) return true;
        if (!hasRightRecommenders(ledger, leaf, omitted)) return true;
        (IReputationLedger.Opinion memory opinion, uint256 expectation) =
            ledger.openingReputationOf(leaf.rater, leaf.subject, leaf.recommenders);
        return expectation != leaf.expectation || keccak256(abi.encode(opinion)) != keccak256(abi.encode(leaf.opinion));
    }

    /// @notice Whether a pair has no place but between, before or after these leaves.
    function isBetween(
        uint256 leaves,
        address rater,
        address subject,
        IReputationEpochs.OpenedLeaf[] calldata around
    ) internal pure returns (bool) {
        if (around.length == 0) return leaves == 0;
        IReputationEpochs.Leaf calldata first = around[0].leaf;
        bool isAfterFirst = ReputationLeafLibrary.isBefore(first.rater, first.subject, rater, subject);
        if (around.length == 1) {
            if (isAfterFirst) return around[0].index + 1 == leaves;
            return around[0].index == 0 && ReputationLeafLibrary.isBefore(rater, subject, first.rater, first.subject);
        }
        IReputationEpochs.Leaf calldata second = around[1].leaf;
        return around.length == 2 && around[0].index + 1 == around[1].index && isAfterFirst
            && ReputationLeafLibrary.isBefore(rater, subject, second.rater, second.subject);
    }

    /// @dev Whether the recommenders are fit, and nobody shows that another belongs among them.
    function hasRightRecommenders(
        IReputationLedger ledger,
        IReputationEpochs.Leaf calldata leaf,
        address omitted
    ) private view returns (bool) {
        uint256 count = leaf.recommenders.length;
        if (count > MAXIMUM_RECOMMENDERS) return false;
        uint256 omittedInteractions = omitted == leaf.rater ? 0 : interactionsOf(ledger, omitted, leaf.subject);
        bool displaces = count < MAXIMUM_RECOMMENDERS;
        for (uint256 i; i < count; ++i) {
            address recommender = leaf.recommenders[i];
            if (i != 0 && leaf.recommenders[i - 1] >= recommender) return false;
            uint256 interactions = interactionsOf(ledger, recommender, leaf.subject);
            if (interactions == 0 || recommender == leaf.rater) return false;
            if (recommender == omitted) omittedInteractions = 0;
            if (
                interactions < omittedInteractions
                    || (interactions == omittedInteractions && omitted < recommender)
            ) displaces = true;
        }
        return omittedInteractions == 0 || !displaces;
    }

    function interactionsOf(IReputationLedger ledger, address rater, address subject) private view returns (uint256) {
        return OpinionLibrary.totalOf(ledger.openingCountsOf(rater, subject));
    }
}
