// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IReputationLedger} from "./IReputationLedger.sol";

/// @title OpinionLibrary
/// @notice Multi-weight subjective logic in 1e18 fixed point, every division rounded down.
/// @dev Follows the multi-weight subjective logic of Proof-of-AIGC and Josang's cumulative fusion. Uncertainty is always
/// what belief and disbelief leave, so an opinion adds up to 1e18 whatever was rounded. The Python twin takes the same
/// steps in the same order.
library OpinionLibrary {
    /// @dev 1 in fixed point.
    uint256 internal constant WAD = 1e18;
    /// @dev Expected trust in somebody nobody knows anything about.
    uint256 internal constant BASE_RATE = 0.5e18;
    /// @dev Weight of the non-informative prior, in interactions.
    uint256 internal constant EVIDENCE_PRIOR = 2;

    /// @notice Weighs interactions by recency and effect.
    /// @return positive Weighted good interactions, 1e18 fixed point.
    /// @return negative Weighted bad interactions, 1e18 fixed point.
    function weightedEvidence(IReputationLedger.Counts memory counts, IReputationLedger.Weights memory weights)
        internal
        pure
        returns (uint256 positive, uint256 negative)
    {
        positive = Math.mulDiv(weights.recent, weights.positive, WAD) * counts.recentPositive
            + Math.mulDiv(weights.older, weights.positive, WAD) * counts.olderPositive;
        negative = Math.mulDiv(weights.recent, weights.negative, WAD) * counts.recentNegative
            + Math.mulDiv(weights.older, weights.negative, WAD) * counts.olderNegative;
    }

    /// @notice Uncertainty that a number of interactions leaves.
    function evidenceUncertainty(uint256 interactions) internal pure returns (uint256) {
        return (EVIDENCE_PRIOR * WAD) / (interactions + EVIDENCE_PRIOR);
    }

    /// @notice Splits what uncertainty leaves by weighted evidence; vacuous without evidence.
    /// @param uncertainty At most 1e18.
    function fromEvidence(uint256 positive, uint256 negative, uint256 uncertainty)
        internal
        pure
        returns (IReputationLedger.Opinion memory)
    {
        uint256 evidence = positive + negative;
        if (evidence == 0) return IReputationLedger.Opinion({belief: 0, disbelief: 0, uncertainty: WAD});
        return complete({
            belief: Math.mulDiv(WAD - uncertainty, positive, evidence),
            disbelief: Math.mulDiv(WAD - uncertainty, negative, evidence)
        });
    }

    /// @notice Opinion that follows from the interactions of a pair alone.
    function fromCounts(IReputationLedger.Counts memory counts, IReputationLedger.Weights memory weights)
        internal
        pure
        returns (IReputationLedger.Opinion memory)
    {
        (uint256 positive, uint256 negative) = weightedEvidence(counts, weights);
        return fromEvidence(positive, negative, evidenceUncertainty(totalOf(counts)));
    }

    /// @notice Weight of a recommender: its evidence about the subject over its mean evidence per subject.
    function recommendationWeight(uint256 pairEvidence, uint256 raterEvidence, uint256 subjects)
        internal
        pure
        returns (uint256)
    {
        if (raterEvidence == 0) return 0;
        return Math.mulDiv(pairEvidence, WAD * subjects, raterEvidence);
    }

    /// @notice Mean of opinions by weight.
    /// @return exists False when no opinion has any weight; the opinion is then without meaning.
    function weightedMean(IReputationLedger.Opinion[] memory opinions, uint256[] memory weights)
        internal
        pure
        returns (bool exists, IReputationLedger.Opinion memory)
    {
        uint256 belief;
        uint256 disbelief;
        uint256 total;
        for (uint256 i; i < opinions.length; ++i) {
            belief += weights[i] * opinions[i].belief;
            disbelief += weights[i] * opinions[i].disbelief;
            total += weights[i];
        }
        if (total == 0) return (false, IReputationLedger.Opinion(0, 0, WAD));
        return (true, complete({belief: belief / total, disbelief: disbelief / total}));
    }

    /// @notice Adds up the evidence behind two opinions; the plain mean of two that admit no uncertainty.
    function cumulativeFusion(IReputationLedger.Opinion memory first, IReputationLedger.Opinion memory second)
        internal
        pure
        returns (IReputationLedger.Opinion memory)
    {
        uint256 normaliser =
            first.uncertainty + second.uncertainty - Math.mulDiv(first.uncertainty, second.uncertainty, WAD);
        if (normaliser == 0) {
            return complete({
                belief: (first.belief + second.belief) / 2,
                disbelief: (first.disbelief + second.disbelief) / 2
            });
        }
        return complete({
            belief: (first.belief * second.uncertainty + second.belief * first.uncertainty) / normaliser,
            disbelief: (first.disbelief * second.uncertainty + second.disbelief * first.uncertainty) / normaliser
        });
    }

    /// @notice Expected trust, belief + base rate * uncertainty.
    function expectation(IReputationLedger.Opinion memory opinion) internal pure returns (uint256) {
        return opinion.belief + Math.mulDiv(BASE_RATE, opinion.uncertainty, WAD);
    }

    /// @notice All interactions, unweighted.
    function totalOf(IReputationLedger.Counts memory counts) internal pure returns (uint256) {
        return uint256(counts.recentPositive) + counts.recentNegative + counts.olderPositive + counts.olderNegative;
    }

    /// @dev An opinion from its two informed masses.
    function complete(uint256 belief, uint256 disbelief) private pure returns (IReputationLedger.Opinion memory) {
        return IReputationLedger.Opinion({
            belief: belief,
            disbelief: disbelief,
            uncertainty: WAD - belief - disbelief
        });
    }
}
