// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {BidWord, ScoreWord, openedBid, sealedBid} from "../../../contracts/auctions/AuctionWords.sol";
import {IAuctionHouse} from "../../../contracts/auctions/IAuctionHouse.sol";

/// @title AuctionReference
/// @notice The settlement rules once more, written to be compared by eye with their text: rank by sorting, 512-bit products.
library AuctionReference {
    uint256 private constant WAD = 1e18;

    /// @dev A bid and a score with their fields side by side. `secret`: salt of an opened bid, else its commitment.
    struct Bid {
        address bidder;
        IAuctionHouse.Submarket submarket;
        bool opened;
        uint96 amount;
        bytes32 secret;
    }

    struct Score {
        uint128 proportional;
        uint96 additive;
        uint32 simulationSeconds;
    }

    /// @dev An opened bid with its score (online) or bid per second (offline) as `value`.
    struct Ranked {
        uint256 index;
        uint256 bid;
        uint256 value;
        Score score;
    }

    function outcome(
        IAuctionHouse.Terms memory terms,
        Bid[] memory bids,
        Score[] memory scores
    ) internal pure returns (IAuctionHouse.Result memory result) {
        result.onlineIndex = type(uint256).max;
        result.offlineIndex = type(uint256).max;
        for (uint256 i; i < bids.length; ++i) {
            if (!bids[i].opened) {
                result.penalties += Math.mulDiv(deposit(terms, bids[i].submarket), terms.penaltyBps, 10_000);
            }
        }
        Ranked[] memory online = sorted(onlineBids(terms, bids, scores));
        if (online.length == 0 || online[0].value < terms.onlineReserve) return result;
        uint256 rival = Math.max(online.length > 1 ? online[1].value : 0, terms.onlineReserve);
        result.onlineIndex = online[0].index;
        result.onlineWinner = bids[online[0].index].bidder;
        result.onlinePrice = critical(online[0], rival);
        result.simulationSeconds = online[0].score.simulationSeconds;
        if (result.simulationSeconds == 0) return result;

        Ranked[] memory offline = sorted(offlineBids(terms, bids));
        uint256 second = Math.max(offline.length > 1 ? offline[1].value : 0, terms.offlineReserve);
        uint256 threshold = Math.mulDiv(terms.alpha, second, WAD);
        if (offline.length > 0 && offline[0].value > threshold) {
            result.offlineIndex = offline[0].index;
            result.offlineWinner = bids[offline[0].index].bidder;
            result.offlinePrice = threshold * result.simulationSeconds;
        } else if (terms.brand != address(0)) {
            result.offlineWinner = terms.brand;
            result.offlinePrice = uint256(terms.brandPrice) * result.simulationSeconds;
        }
    }

    function critical(Ranked memory winner, uint256 rival) internal pure returns (uint256) {
        if (rival <= winner.score.additive) return 0;
        return Math.min(
            winner.bid,
            Math.mulDiv(rival - winner.score.additive, WAD, WAD + winner.score.proportional)
        );
    }

    function onlineBids(
        IAuctionHouse.Terms memory terms,
        Bid[] memory bids,
        Score[] memory scores
    ) internal pure returns (Ranked[] memory ranked) {
        ranked = new Ranked[](bids.length);
        uint256 position;
        uint256 count;
        for (uint256 i; i < bids.length; ++i) {
            if (bids[i].submarket != IAuctionHouse.Submarket.Online) continue;
            Score memory score = scores[position++];
            if (!bids[i].opened) continue;
            uint256 bid = Math.min(bids[i].amount, terms.onlineDeposit);
            uint256 value = bid + Math.mulDiv(bid, score.proportional, WAD) + score.additive;
            ranked[count++] = Ranked(i, bid, value, score);
        }
        return shortened(ranked, count);
    }

    function offlineBids(IAuctionHouse.Terms memory terms, Bid[] memory bids)
        internal
        pure
        returns (Ranked[] memory ranked)
    {
        ranked = new Ranked[](bids.length);
        uint256 count;
        for (uint256 i; i < bids.length; ++i) {
            if (bids[i].submarket != IAuctionHouse.Submarket.Offline || !bids[i].opened) continue;
            uint256 bid = Math.min(bids[i].amount, terms.offlineDeposit / terms.maximumSeconds);
            ranked[count++].value = bid;
            ranked[count - 1].index = i;
        }
        return shortened(ranked, count);
    }

    /// @dev Stable insertion sort, highest value first, so that the lowest index leads a tie.
    function sorted(Ranked[] memory ranked) internal pure returns (Ranked[] memory) {
        for (uint256 i = 1; i < ranked.length; ++i) {
            for (uint256 j = i; j > 0 && ranked[j].value > ranked[j - 1].value; --j) {
                (ranked[j], ranked[j - 1]) = (ranked[j - 1], ranked[j]);
            }
        }
        return ranked;
    }

    function shortened(Ranked[] memory ranked, uint256 count) internal pure returns (Ranked[] memory first) {
        first = new Ranked[](count);
        for (uint256 i; i < count; ++i) {
            first[i] = ranked[i];
        }
    }

    function deposit(IAuctionHouse.Terms memory terms, IAuctionHouse.Submarket submarket) internal pure returns (uint256) {
        return submarket == IAuctionHouse.Submarket.Online ? terms.onlineDeposit : terms.offlineDeposit;
    }

    /// @dev What each bidder gets back, in the order of the chain.
    function refunds(IAuctionHouse.Terms memory terms, Bid[] memory bids, IAuctionHouse.Result memory result)
        internal
        pure
        returns (uint256[] memory amounts)
    {
        amounts = new uint256[](bids.length);
        for (uint256 i; i < bids.length; ++i) {
            uint256 full = deposit(terms, bids[i].submarket);
            amounts[i] = bids[i].opened ? full : full - Math.mulDiv(full, terms.penaltyBps, 10_000);
            if (i == result.onlineIndex) amounts[i] -= result.onlinePrice;
            if (i == result.offlineIndex) amounts[i] -= result.offlinePrice;
        }
    }

    /* AS THE CONTRACT TAKES THEM */

    function replay(Bid[] memory bids) internal pure returns (IAuctionHouse.Bid[] memory list) {
        list = new IAuctionHouse.Bid[](bids.length);
        for (uint256 i; i < bids.length; ++i) {
            list[i] = IAuctionHouse.Bid(wordOf(bids[i]), bids[i].secret);
        }
    }

    function words(Bid[] memory bids) internal pure returns (BidWord[] memory list) {
        list = new BidWord[](bids.length);
        for (uint256 i; i < bids.length; ++i) {
            list[i] = wordOf(bids[i]);
        }
    }

    function wordOf(Bid memory bid) internal pure returns (BidWord) {
        bool offline = bid.submarket == IAuctionHouse.Submarket.Offline;
        return bid.opened ? openedBid(bid.bidder, offline, bid.amount) : sealedBid(bid.bidder, offline);
    }

    function words(Score[] memory scores) internal pure returns (ScoreWord[] memory packed) {
        packed = new ScoreWord[](scores.length);
        for (uint256 i; i < scores.length; ++i) {
            packed[i] = ScoreWord.wrap(
                uint256(scores[i].proportional) << 128 | uint256(scores[i].additive) << 32 | scores[i].simulationSeconds
            );
        }
    }
}
