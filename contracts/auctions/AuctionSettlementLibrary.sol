// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BidWord, ScoreWord} from "./AuctionWords.sol";
import {BidChainLibrary} from "./BidChainLibrary.sol";
import {IAuctionHouse} from "./IAuctionHouse.sol";

/// @title AuctionSettlementLibrary
/// @notice Winners, prices and amounts of a round as a pure function of its terms, bids and scores, one bid a step.
/// @dev Every division rounds down. Plain arithmetic suffices: with alpha below 2^128 the widest products (bid times
/// proportional, alpha times bid, score times 1e18) stay below 2^226. No step reverts, whatever the bid. Source: corrected
/// payment rules of EPViSA and MTEPViSA, by which the winner pays the least bid that would still have won, not the bid of the
/// runner-up.
library AuctionSettlementLibrary {
    using BidChainLibrary for bytes28;
    using BidChainLibrary for bytes32;

    /// @notice One in 1e18 fixed point.
    uint256 internal constant WAD = 1e18;
    /// @notice All of it, in hundredths of a percent.
    uint256 internal constant BASIS_POINTS = 10_000;
    /// @notice The index that means nobody.
    uint256 internal constant NONE = type(uint256).max;

    /// @dev What a step needs of the terms, taken out of them once: the highest amounts that deposits cover, in wei and wei per
    /// second, deposits and what unopened bids lose of them.
    struct Limits {
        uint256 onlineBid;
        uint256 offlineBid;
        uint256 onlineDeposit;
        uint256 offlineDeposit;
        uint256 onlinePenalty;
        uint256 offlinePenalty;
    }

    /* STEPS */

    /// @notice The limits of a round.
    function limitsOf(IAuctionHouse.Terms calldata terms) internal pure returns (Limits memory limits) {
        limits.onlineBid = terms.onlineDeposit;
        limits.offlineBid = terms.offlineDeposit / terms.maximumSeconds;
        limits.onlineDeposit = terms.onlineDeposit;
        limits.offlineDeposit = terms.offlineDeposit;
        limits.onlinePenalty = uint256(terms.onlineDeposit) * terms.penaltyBps / BASIS_POINTS;
        limits.offlinePenalty = uint256(terms.offlineDeposit) * terms.penaltyBps / BASIS_POINTS;
    }

    /// @notice The standing before the first bid.
    function start() internal pure returns (IAuctionHouse.Standing memory standing) {
        standing.onlineIndex = NONE;
        standing.offlineIndex = NONE;
    }

    /// @notice Moves the standing on by one bid.
    /// @param commitment Of the bid; what it opens must already have been compared with it.
    /// @param score Of an online bid; of no account for an offline one.
    function step(
        Limits memory limits,
        IAuctionHouse.Standing memory standing,
        BidWord bid,
        bytes32 commitment,
        ScoreWord score
    ) internal pure {
        standing.head = standing.head.append(bid, commitment);
        // Fewer than 2^24 bids of less than 2^96 wei each: nothing can overflow.
        unchecked {
            if (bid.isOffline()) {
                if (bid.isOpened()) _offerOffline(standing, bid, _min(bid.amountOf(), limits.offlineBid));
                else standing.penalties += limits.offlinePenalty;
            } else {
                standing.scores = standing.scores.append(score);
                ++standing.onlineBids;
                if (bid.isOpened()) _offerOnline(standing, bid, score, _min(bid.amountOf(), limits.onlineBid));
                else standing.penalties += limits.onlinePenalty;
            }
            ++standing.bids;
        }
    }

    /// @notice Winners and prices that follow from the standing after the last bid.
    function resultOf(IAuctionHouse.Terms calldata terms, IAuctionHouse.Standing memory standing)
        internal
        pure
        returns (IAuctionHouse.Result memory result)
    {
        result.onlineIndex = NONE;
        result.offlineIndex = NONE;
        result.penalties = standing.penalties;
        if (standing.onlineIndex == NONE || standing.onlineValue < terms.onlineReserve) return result;

        ScoreWord score = standing.onlineScore;
        result.onlineIndex = standing.onlineIndex;
        result.onlineWinner = standing.onlineBid.bidderOf();
        uint256 bid = _min(standing.onlineBid.amountOf(), terms.onlineDeposit);
        result.onlinePrice = onlinePrice(bid, score, _max(standing.onlineSecond, terms.onlineReserve));
        result.simulationSeconds = score.simulationSeconds();
        if (result.simulationSeconds != 0) _sellSimulation(terms, standing, result);
    }

    /* MONEY */

    /// @notice What a bid's bidder gets back of its deposit.
    function refundOf(Limits memory limits, IAuctionHouse.Result memory result, uint256 index, BidWord bid)
        internal
        pure
        returns (uint256 amount)
    {
        if (bid.isOffline()) amount = limits.offlineDeposit - (bid.isOpened() ? 0 : limits.offlinePenalty);
        else amount = limits.onlineDeposit - (bid.isOpened() ? 0 : limits.onlinePenalty);
        if (index == result.onlineIndex) amount -= result.onlinePrice;
        if (index == result.offlineIndex) amount -= result.offlinePrice;
    }

    /// @notice Part of the operator's advance that was not used: without a winning bid an offline price is the brand's.
    function unusedAdvanceOf(IAuctionHouse.Terms calldata terms, IAuctionHouse.Result memory result)
        internal
        pure
        returns (uint256)
    {
        return advanceOf(terms) - (result.offlineIndex == NONE ? result.offlinePrice : 0);
    }

    /// @notice Deposit of a bid in a submarket, in wei.
    function depositOf(IAuctionHouse.Terms calldata terms, bool offline) internal pure returns (uint256) {
        return offline ? terms.offlineDeposit : terms.onlineDeposit;
    }

    /// @notice The most that the brand could have to pay, in wei; the operator advances it.
    function advanceOf(IAuctionHouse.Terms calldata terms) internal pure returns (uint256) {
        return uint256(terms.brandPrice) * terms.maximumSeconds;
    }

    /* PRICES */

    /// @notice Score of an online bid in wei: the bid and the offline surplus expected with it.
    function scoreOf(uint256 bid, ScoreWord score) internal pure returns (uint256) {
        // A bid has less than 2^96, proportional less than 2^128.
        unchecked {
            return bid + bid * score.proportional() / WAD + score.additive();
        }
    }

    /// @notice Critical bid of the online winner: with it the score would equal `rival`; zero if any bid gets there.
    function onlinePrice(uint256 bid, ScoreWord score, uint256 rival) internal pure returns (uint256) {
        if (rival <= score.additive()) return 0;
        uint256 critical = (rival - score.additive()) * WAD / (WAD + score.proportional());
        return critical < bid ? critical : bid;
    }

    /// @notice Price per second that an offline bid must exceed and then pays: alpha times the second highest bid.
    function offlineThreshold(IAuctionHouse.Terms calldata terms, uint256 second) internal pure returns (uint256) {
        return terms.alpha * _max(second, terms.offlineReserve) / WAD;
    }

    /// @dev The highest simulator if it exceeds the threshold; otherwise the brand at its posted price, if there is one.
    function _sellSimulation(
        IAuctionHouse.Terms calldata terms,
        IAuctionHouse.Standing memory standing,
        IAuctionHouse.Result memory result
    ) private pure {
        uint256 threshold = offlineThreshold(terms, standing.offlineSecond);
        if (standing.offlineIndex != NONE && standing.offlineValue > threshold) {
            result.offlineIndex = standing.offlineIndex;
            result.offlineWinner = standing.offlineBidder;
            result.offlinePrice = threshold * result.simulationSeconds;
        } else if (terms.brand != address(0)) {
            result.offlineWinner = terms.brand;
            result.offlinePrice = uint256(terms.brandPrice) * result.simulationSeconds;
        }
    }

    /// @dev An equal value does not replace the leader: the lowest index wins a tie.
    function _offerOnline(IAuctionHouse.Standing memory standing, BidWord bid, ScoreWord score, uint256 clipped)
        private
        pure
    {
        uint256 value = scoreOf(clipped, score);
        if (standing.onlineIndex == NONE || value > standing.onlineValue) {
            standing.onlineSecond = standing.onlineValue;
            (standing.onlineIndex, standing.onlineValue) = (standing.bids, value);
            (standing.onlineBid, standing.onlineScore) = (bid, score);
        } else if (value > standing.onlineSecond) {
            standing.onlineSecond = value;
        }
    }

    /// @dev The same among the simulators.
    function _offerOffline(IAuctionHouse.Standing memory standing, BidWord bid, uint256 value) private pure {
        if (standing.offlineIndex == NONE || value > standing.offlineValue) {
            standing.offlineSecond = standing.offlineValue;
            (standing.offlineIndex, standing.offlineValue) = (standing.bids, value);
            standing.offlineBidder = bid.bidderOf();
        } else if (value > standing.offlineSecond) {
            standing.offlineSecond = value;
        }
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    function _max(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }
}
