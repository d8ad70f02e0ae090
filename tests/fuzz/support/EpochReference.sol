// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReputationEpochs} from "../../../contracts/reputation/IReputationEpochs.sol";
import {IReputationLedger} from "../../../contracts/reputation/IReputationLedger.sol";

/// @title EpochReference
/// @notice Reputations and trees told plainly from a list of interactions: no counters, no windows that move, no shared code.
contract EpochReference {
    struct Interaction {
        address rater;
        address subject;
        uint256 window;
        bool positive;
    }

    uint256 private constant WAD = 1e18;
    uint256 private constant RECENT = 0.6e18;
    uint256 private constant OLDER = 0.4e18;
    uint256 private constant POSITIVE = 0.4e18;
    uint256 private constant NEGATIVE = 0.6e18;

    Interaction[] internal interactions;
    address[] internal raters;
    address[] internal subjects;

    /* OPINIONS */

    /// @dev Number of interactions before a window, and their weighted evidence; the zero address as rater has none, as
    /// subject stands for all.
    function evidenceOf(address rater, address subject, uint256 window)
        internal
        view
        returns (uint256 count, uint256 positive, uint256 negative)
    {
        for (uint256 i; i < interactions.length; ++i) {
            Interaction memory one = interactions[i];
            if (one.rater != rater || one.window >= window) continue;
            if (subject != address(0) && one.subject != subject) continue;
            ++count;
            uint256 age = one.window + 1 == window ? RECENT : OLDER;
            if (one.positive) positive += (age * POSITIVE) / WAD;
            else negative += (age * NEGATIVE) / WAD;
        }
    }

    function ownOpinion(address rater, address subject, uint256 window)
        internal
        view
        returns (uint256 belief, uint256 disbelief)
    {
        (uint256 count, uint256 positive, uint256 negative) = evidenceOf(rater, subject, window);
        if (positive + negative == 0) return (0, 0);
        uint256 known = WAD - (2 * WAD) / (count + 2);
        return ((known * positive) / (positive + negative), (known * negative) / (positive + negative));
    }

    function subjectsOf(address rater, uint256 window) internal view returns (uint256 count) {
        for (uint256 i; i < subjects.length; ++i) {
            if (knows(rater, subjects[i], window)) ++count;
        }
    }

    /// @dev Whether there was an interaction before a window; by anybody for the zero address.
    function knows(address rater, address subject, uint256 window) internal view returns (bool) {
        for (uint256 i; i < interactions.length; ++i) {
            Interaction memory one = interactions[i];
            if (one.subject == subject && one.window < window && (rater == address(0) || one.rater == rater)) {
                return true;
            }
        }
        return false;
    }

    function leafOf(address rater, address subject, uint256 window)
        internal
        view
        returns (IReputationEpochs.Leaf memory leaf)
    {
        leaf.rater = rater;
        leaf.subject = subject;
        leaf.recommenders = recommendersOf(rater, subject, window);
        (uint256 belief, uint256 disbelief) = ownOpinion(rater, subject, window);
        (uint256 b, uint256 d, uint256 weight) = recommended(leaf.recommenders, subject, window);
        if (weight != 0) {
            uint256 own = WAD - belief - disbelief;
            uint256 other = WAD - b / weight - d / weight;
            uint256 normaliser = own + other - (own * other) / WAD;
            (belief, disbelief) = (
                (belief * other + (b / weight) * own) / normaliser,
                (disbelief * other + (d / weight) * own) / normaliser
            );
        }
        leaf.opinion = IReputationLedger.Opinion(belief, disbelief, WAD - belief - disbelief);
        leaf.expectation = belief + leaf.opinion.uncertainty / 2;
    }

    function recommended(address[] memory recommenders, address subject, uint256 window)
        private
        view
        returns (uint256 b, uint256 d, uint256 weight)
    {
        for (uint256 i; i < recommenders.length; ++i) {
            (, uint256 positive, uint256 negative) = evidenceOf(recommenders[i], subject, window);
            (, uint256 allPositive, uint256 allNegative) = evidenceOf(recommenders[i], address(0), window);
            uint256 share = ((positive + negative) * WAD * subjectsOf(recommenders[i], window))
                / (allPositive + allNegative);
            (uint256 belief, uint256 disbelief) = ownOpinion(recommenders[i], subject, window);
            b += share * belief;
            d += share * disbelief;
            weight += share;
        }
    }

    /// @dev There are fewer raters than an opinion takes recommenders, so all others are.
    function recommendersOf(address rater, address subject, uint256 window) private view returns (address[] memory) {
        address[] memory found = new address[](raters.length);
        uint256 count;
        for (uint256 i; i < raters.length; ++i) {
            if (raters[i] != rater && knows(raters[i], subject, window)) found[count++] = raters[i];
        }
        return cut(found, count);
    }

    /* TREES */

    /// @dev All leaves of a window's epoch; raters and subjects ascend.
    function leavesOf(uint256 window) internal view returns (IReputationEpochs.Leaf[] memory leaves) {
        IReputationEpochs.Leaf[] memory found =
            new IReputationEpochs.Leaf[]((raters.length + 1) * subjects.length);
        uint256 count;
        for (uint256 i; i <= raters.length; ++i) {
            address rater = i == 0 ? address(0) : raters[i - 1];
            for (uint256 j; j < subjects.length; ++j) {
                if (knows(rater, subjects[j], window)) found[count++] = leafOf(rater, subjects[j], window);
            }
        }
        leaves = new IReputationEpochs.Leaf[](count);
        for (uint256 i; i < count; ++i) {
            leaves[i] = found[i];
        }
    }

    function detailsOf(IReputationEpochs.Leaf memory leaf) internal pure returns (bytes32) {
        return keccak256(abi.encode(leaf.opinion, leaf.recommenders));
    }

    /// @dev Root of the leaves, and the path of one of them, recursively.
    function rootOf(IReputationEpochs.Leaf[] memory leaves) internal pure returns (bytes32 root) {
        (root,) = climb(leaves, 0);
    }

    function opened(IReputationEpochs.Leaf[] memory leaves, uint256 index)
        internal
        pure
        returns (IReputationEpochs.OpenedLeaf memory shown)
    {
        (shown.index, shown.leaf) = (index, leaves[index]);
        (, shown.path) = climb(leaves, index);
    }

    function climb(IReputationEpochs.Leaf[] memory leaves, uint256 index)
        private
        pure
        returns (bytes32 root, bytes32[] memory path)
    {
        uint256 depth;
        while (2 ** depth < leaves.length) ++depth;
        bytes32[] memory level = new bytes32[](2 ** depth);
        for (uint256 i; i < leaves.length; ++i) {
            level[i] = keccak256(
                abi.encode(leaves[i].rater, leaves[i].subject, leaves[i].expectation, detailsOf(leaves[i]))
            );
        }
        path = new bytes32[](depth);
        for (uint256 height; height < depth; ++height) {
            path[height] = level[index % 2 == 0 ? index + 1 : index - 1];
            bytes32[] memory above = new bytes32[](level.length / 2);
            for (uint256 i; i < above.length; ++i) {
                above[i] = keccak256(abi.encode(level[2 * i], level[2 * i + 1]));
            }
            (level, index) = (above, index / 2);
        }
        return (level[0], path);
    }

    function cut(address[] memory list, uint256 length) private pure returns (address[] memory result) {
        result = new address[](length);
        for (uint256 i; i < length; ++i) {
            result[i] = list[i];
        }
    }
}
