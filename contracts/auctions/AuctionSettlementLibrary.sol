// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuctionHouse} from "./IAuctionHouse.sol";

/// @title AuctionSettlementLibrary
/// @notice Winners, prices and payments of a round as a pure function of its terms, bids and scores.
/// @dev Every division rounds down. Plain arithmetic suffices: with alpha below 2^128 the widest products (bid times
/// proportional, alpha times bid, score times 1e18) stay below 2^226. Source: corrected payment rules of EPViSA and MTEPViSA,
/// by which the winner pays the least bid that would still have won, not the bid of the runner-up.
library AuctionSettlementLibrary {
    /// @notice One in 1e18 fixed point.
    uint256 internal constant WAD = 1e18;
    /// @notice All of it, in hundredths of a percent.
    uint256 internal constant BASIS_POINTS = 10_000;
    /// @notice The index that means nobody.
    uint256 internal constant NONE = type(uint256).max;

    /// @dev Running best of a submarket: index in the chain, position among the scores (online only), value and runner-up.
    struct Leader {
        uint256 index;
        uint256 position;
        uint256 value;
        uint256 second;
    }

    /// @notice Winners and prices of both submarkets and the sum of penalties.
    /// @dev Requirements on the caller: one score for each online bid; opened bids carry the amounts that were committed.
    function outcome(
        IAuctionHouse.Terms calldata terms,
        IAuctionHouse.Bid[] calldata bids,
        IAuctionHouse.Score[] calldata scores
    ) internal pure returns (IAuctionHouse.Result memory result) {
        result.onlineIndex = NONE;
        result.offlineIndex = NONE;
        result.penalties = _penaltiesOf(terms, bids);
        Leader memory online = _rankOnline(terms, bids, scores);
        if (online.index == NONE || online.value < terms.onlineReserve) return result;

        IAuctionHouse.Bid calldata winner = bids[online.index];
        IAuctionHouse.Score calldata score = scores[online.position];
        result.onlineIndex = online.index;
        result.onlineWinner = winner.bidder;
        result.onlinePrice = onlinePrice(clippedBid(terms, winner), score, _max(online.second, terms.onlineReserve));
        result.simulationSeconds = score.simulationSeconds;
        if (score.simulationSeconds != 0) _sellSimulation(terms, bids, result);
    }

    /// @notice Everybody's share of a settled round: first the refund of each bid in the order of the chain, then the
    /// beneficiary's income, the treasury's penalties and the part of the operator's advance that was not used.
    function payments(
        IAuctionHouse.Terms calldata terms,
        IAuctionHouse.Bid[] calldata bids,
        IAuctionHouse.Result memory result,
        address treasury
    ) internal pure returns (address[] memory accounts, uint256[] memory amounts) {
        uint256 count = bids.length;
        accounts = new address[](count + 3);
        amounts = new uint256[](count + 3);
        for (uint256 i; i < count; ++i) {
            accounts[i] = bids[i].bidder;
            amounts[i] = depositOf(terms, bids[i].submarket) - (bids[i].opened ? 0 : penaltyOf(terms, bids[i]));
        }
        if (result.onlineIndex != NONE) amounts[result.onlineIndex] -= result.onlinePrice;
        uint256 unused = advanceOf(terms);
        // Without a winning bid an offline price is the brand's, which the operator advanced.
        if (result.offlineIndex != NONE) amounts[result.offlineIndex] -= result.offlinePrice;
        else unused -= result.offlinePrice;

        (accounts[count], amounts[count]) = (terms.beneficiary, result.onlinePrice + result.offlinePrice);
        (accounts[count + 1], amounts[count + 1]) = (treasury, result.penalties);
        (accounts[count + 2], amounts[count + 2]) = (terms.operator, unused);
    }

    /// @notice Everybody's share of a round that is called off: each deposit in the order of the chain, then the advance.
    function refunds(IAuctionHouse.Terms calldata terms, IAuctionHouse.Bid[] calldata bids)
        internal
        pure
        returns (address[] memory accounts, uint256[] memory amounts)
    {
        uint256 count = bids.length;
        accounts = new address[](count + 1);
        amounts = new uint256[](count + 1);
        for (uint256 i; i < count; ++i) {
            (accounts[i], amounts[i]) = (bids[i].bidder, depositOf(terms, bids[i].submarket));
        }
        (accounts[count], amounts[count]) = (terms.operator, advanceOf(terms));
    }

    /// @notice All money that a round holds: its deposits and the operator's advance.
    function fundsOf(IAuctionHouse.Terms calldata terms, uint256 bids, uint256 onlineBids)
        internal
        pure
        returns (uint256)
    {
        return advanceOf(terms) + onlineBids * terms.onlineDeposit + (bids - onlineBids) * terms.offlineDeposit;
    }

    /// @notice Deposit of a bid in a submarket, in wei.
    function depositOf(IAuctionHouse.Terms calldata terms, IAuctionHouse.Submarket submarket)
        internal
        pure
        returns (uint256)
    {
        return submarket == IAuctionHouse.Submarket.Online ? terms.onlineDeposit : terms.offlineDeposit;
    }

    /// @notice The most that the brand could have to pay, in wei; the operator advances it.
    function advanceOf(IAuctionHouse.Terms calldata terms) internal pure returns (uint256) {
        return uint256(terms.brandPrice) * terms.maximumSeconds;
    }

    /// @notice What an unopened bid loses of its deposit, in wei.
    function penaltyOf(IAuctionHouse.Terms calldata terms, IAuctionHouse.Bid calldata bid)
        internal
        pure
        returns (uint256)
    {
        return depositOf(terms, bid.submarket) * terms.penaltyBps / BASIS_POINTS;
    }

    /// @notice The part of a bid that its deposit covers, in wei (online) or wei per second (offline).
    function clippedBid(IAuctionHouse.Terms calldata terms, IAuctionHouse.Bid calldata bid)
        internal
        pure
        returns (uint256)
    {
        uint256 limit = bid.submarket == IAuctionHouse.Submarket.Online
            ? terms.onlineDeposit
            : terms.offlineDeposit / terms.maximumSeconds;
        return bid.amount < limit ? bid.amount : limit;
    }

    /// @notice Score of an online bid in wei: the bid and the offline surplus expected with it.
    function scoreOf(uint256 bid, IAuctionHouse.Score calldata score) internal pure returns (uint256) {
        return bid + bid * score.proportional / WAD + score.additive;
    }

    /// @notice Critical bid of the online winner: with it the score would equal `rival`; zero if any bid gets there.
    function onlinePrice(uint256 bid, IAuctionHouse.Score calldata score, uint256 rival) internal pure returns (uint256) {
        if (rival <= score.additive) return 0;
        uint256 critical = (rival - score.additive) * WAD / (WAD + score.proportional);
        return critical < bid ? critical : bid;
    }

    /// @notice Price per second that an offline bid must exceed and then pays: alpha times the second highest bid.
    function offlineThreshold(IAuctionHouse.Terms calldata terms, uint256 second) internal pure returns (uint256) {
        return terms.alpha * _max(second, terms.offlineReserve) / WAD;
    }

    /// @dev The highest simulator if it exceeds the threshold; otherwise the brand at its posted price, if there is one.
    function _sellSimulation(
        IAuctionHouse.Terms calldata terms,
        IAuctionHouse.Bid[] calldata bids,
        IAuctionHouse.Result memory result
    ) private pure {
        Leader memory offline = _rankOffline(terms, bids);
        uint256 threshold = offlineThreshold(terms, offline.second);
        if (offline.index != NONE && offline.value > threshold) {
            result.offlineIndex = offline.index;
            result.offlineWinner = bids[offline.index].bidder;
            result.offlinePrice = threshold * result.simulationSeconds;
        } else if (terms.brand != address(0)) {
            result.offlineWinner = terms.brand;
            result.offlinePrice = uint256(terms.brandPrice) * result.simulationSeconds;
        }
    }

    /// @dev Highest and second highest score among the opened online bids.
    function _rankOnline(
        IAuctionHouse.Terms calldata terms,
        IAuctionHouse.Bid[] calldata bids,
        IAuctionHouse.Score[] calldata scores
    ) private pure returns (Leader memory leader) {
        leader.index = NONE;
        uint256 position;
        for (uint256 i; i < bids.length; ++i) {
            IAuctionHouse.Bid calldata bid = bids[i];
            if (bid.submarket != IAuctionHouse.Submarket.Online) continue;
            if (bid.opened) _offer(leader, i, position, scoreOf(clippedBid(terms, bid), scores[position]));
            ++position;
        }
    }

    /// @dev Highest and second highest bid among the opened offline bids.
    function _rankOffline(IAuctionHouse.Terms calldata terms, IAuctionHouse.Bid[] calldata bids)
        private
        pure
        returns (Leader memory leader)
    {
        leader.index = NONE;
        for (uint256 i; i < bids.length; ++i) {
            IAuctionHouse.Bid calldata bid = bids[i];
            if (bid.submarket != IAuctionHouse.Submarket.Offline || !bid.opened) continue;
            _offer(leader, i, 0, clippedBid(terms, bid));
        }
    }

    function _penaltiesOf(IAuctionHouse.Terms calldata terms, IAuctionHouse.Bid[] calldata bids)
        private
        pure
        returns (uint256 penalties)
    {
        for (uint256 i; i < bids.length; ++i) {
            if (!bids[i].opened) penalties += penaltyOf(terms, bids[i]);
        }
    }

    /// @dev An equal value does not replace the leader: the lowest index wins a tie.
    function _offer(Leader memory leader, uint256 index, uint256 position, uint256 value) private pure {
        if (leader.index == NONE || value > leader.value) {
            leader.second = leader.value;
            (leader.index, leader.position, leader.value) = (index, position, value);
        } else if (value > leader.second) {
            leader.second = value;
        }
    }

    function _max(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }
}
