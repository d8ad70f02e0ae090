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

    /* STEPS */

    /// @notice The standing before the first bid.
    function start() internal pure returns (IAuctionHouse.Standing memory standing) {
        standing.onlineIndex = NONE;
        standing.offlineIndex = NONE;
    }

    /// @notice Moves the standing on by one bid.
    /// @param commitment Of the bid; what it opens must already have been compared with it.
    /// @param score Of an online bid; of no account for an offline one.
    function step(
        IAuctionHouse.Terms calldata terms,
        IAuctionHouse.Standing memory standing,
        BidWord bid,
        bytes32 commitment,
        ScoreWord score
    ) internal pure {
        standing.head = standing.head.append(bid, commitment);
        bool offline = bid.isOffline();
        if (!offline) {
            standing.scores = standing.scores.append(score);
            unchecked {
                ++standing.onlineBids; // fewer than 2^24
            }
        }
        if (!bid.isOpened()) standing.penalties += penaltyOf(terms, offline);
        else if (offline) _offerOffline(standing, bid, clippedBid(terms, bid));
        else _offerOnline(standing, bid, score, clippedBid(terms, bid));
        unchecked {
            ++standing.bids; // fewer than 2^24
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
        result.onlinePrice =
            onlinePrice(clippedBid(terms, standing.onlineBid), score, _max(standing.onlineSecond, terms.onlineReserve));
        result.simulationSeconds = score.simulationSeconds();
        if (result.simulationSeconds != 0) _sellSimulation(terms, standing, result);
    }

    /* MONEY */

    /// @notice What a bid's bidder gets back of its deposit.
    function refundOf(
        IAuctionHouse.Terms calldata terms,
        IAuctionHouse.Result memory result,
        uint256 index,
        BidWord bid
    ) internal pure returns (uint256 amount) {
        amount = depositOf(terms, bid.isOffline());
        if (!bid.isOpened()) amount -= penaltyOf(terms, bid.isOffline());
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

    /// @notice What an unopened bid loses of its deposit, in wei.
    function penaltyOf(IAuctionHouse.Terms calldata terms, bool offline) internal pure returns (uint256) {
        return depositOf(terms, offline) * terms.penaltyBps / BASIS_POINTS;
    }

    /* PRICES */

    /// @notice The part of a bid that its deposit covers, in wei (online) or wei per second (offline).
    function clippedBid(IAuctionHouse.Terms calldata terms, BidWord bid) internal pure returns (uint256) {
        uint256 limit = bid.isOffline() ? terms.offlineDeposit / terms.maximumSeconds : terms.onlineDeposit;
        uint256 amount = bid.amountOf();
        return amount < limit ? amount : limit;
    }

    /// @notice Score of an online bid in wei: the bid and the offline surplus expected with it.
    function scoreOf(uint256 bid, ScoreWord score) internal pure returns (uint256) {
        return bid + bid * score.proportional() / WAD + score.additive();
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

    function _max(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }
}
