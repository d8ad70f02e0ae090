// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuctionSettlementLibrary} from "../../../contracts/auctions/AuctionSettlementLibrary.sol";
import {BidWord, ScoreWord} from "../../../contracts/auctions/AuctionWords.sol";
import {EntitlementTree} from "../../../contracts/auctions/EntitlementTree.sol";
import {IAuctionHouse} from "../../../contracts/auctions/IAuctionHouse.sol";

/// @title AuctionSettlementHarness
/// @notice Gives the library its calldata.
contract AuctionSettlementHarness {
    using EntitlementTree for bytes32[];

    function outcome(IAuctionHouse.Terms calldata terms, BidWord[] calldata bids, ScoreWord[] calldata scores)
        external
        pure
        returns (IAuctionHouse.Result memory)
    {
        return AuctionSettlementLibrary.resultOf(terms, standing(terms, bids, scores));
    }

    /// @dev After all bids, whose commitments are their places.
    function standing(IAuctionHouse.Terms calldata terms, BidWord[] calldata bids, ScoreWord[] calldata scores)
        public
        pure
        returns (IAuctionHouse.Standing memory reached)
    {
        AuctionSettlementLibrary.Limits memory limits = AuctionSettlementLibrary.limitsOf(terms);
        reached = AuctionSettlementLibrary.start();
        for (uint256 i; i < bids.length; ++i) {
            ScoreWord score = reached.onlineBids < scores.length ? scores[reached.onlineBids] : ScoreWord.wrap(0);
            AuctionSettlementLibrary.step(limits, reached, bids[i], bytes32(i), score);
        }
    }

    function refunds(IAuctionHouse.Terms calldata terms, BidWord[] calldata bids, IAuctionHouse.Result calldata result)
        external
        pure
        returns (uint256[] memory amounts)
    {
        AuctionSettlementLibrary.Limits memory limits = AuctionSettlementLibrary.limitsOf(terms);
        amounts = new uint256[](bids.length);
        for (uint256 i; i < bids.length; ++i) {
            amounts[i] = AuctionSettlementLibrary.refundOf(limits, result, i, bids[i]);
        }
    }

    function unusedAdvanceOf(IAuctionHouse.Terms calldata terms, IAuctionHouse.Result calldata result)
        external
        pure
        returns (uint256)
    {
        return AuctionSettlementLibrary.unusedAdvanceOf(terms, result);
    }

    function entitlements(IAuctionHouse.Entitlement[] calldata all) external pure returns (bytes32) {
        bytes32[] memory tree = EntitlementTree.allocate(all.length);
        for (uint256 i; i < all.length; ++i) {
            tree.set(i, EntitlementTree.leafOf(all[i].index, all[i].account, all[i].amount));
        }
        return tree.rootOf();
    }
}
