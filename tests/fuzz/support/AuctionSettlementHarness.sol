// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuctionSettlementLibrary} from "../../../contracts/auctions/AuctionSettlementLibrary.sol";
import {IAuctionHouse} from "../../../contracts/auctions/IAuctionHouse.sol";

/// @title AuctionSettlementHarness
/// @notice Gives the library its calldata.
contract AuctionSettlementHarness {
    function outcome(
        IAuctionHouse.Terms calldata terms,
        IAuctionHouse.Bid[] calldata bids,
        IAuctionHouse.Score[] calldata scores
    ) external pure returns (IAuctionHouse.Result memory) {
        return AuctionSettlementLibrary.outcome(terms, bids, scores);
    }

    function payments(
        IAuctionHouse.Terms calldata terms,
        IAuctionHouse.Bid[] calldata bids,
        IAuctionHouse.Result calldata result,
        address treasury
    ) external pure returns (address[] memory, uint256[] memory) {
        return AuctionSettlementLibrary.payments(terms, bids, result, treasury);
    }

    function fundsOf(IAuctionHouse.Terms calldata terms, uint256 bids, uint256 onlineBids)
        external
        pure
        returns (uint256)
    {
        return AuctionSettlementLibrary.fundsOf(terms, bids, onlineBids);
    }
}
