// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuctionSettlementLibrary} from "../../contracts/auctions/AuctionSettlementLibrary.sol";
import {MAXIMUM_AMOUNT, ScoreWord, openedBid} from "../../contracts/auctions/AuctionWords.sol";
import {IAuctionHouse} from "../../contracts/auctions/IAuctionHouse.sol";
import {ProofTest} from "./support/ProofTest.sol";

/// @title Ranking
/// @notice Gives the library its calldata.
contract Ranking {
    function standing(IAuctionHouse.Terms calldata terms, bool offline, uint256[] calldata amounts, uint96[] calldata additive)
        external
        pure
        returns (IAuctionHouse.Standing memory reached)
    {
        AuctionSettlementLibrary.Limits memory limits = AuctionSettlementLibrary.limitsOf(terms);
        reached = AuctionSettlementLibrary.start();
        for (uint256 i; i < amounts.length; ++i) {
            ScoreWord score = ScoreWord.wrap(uint256(additive[i]) << 32);
            AuctionSettlementLibrary.step(limits, reached, openedBid(address(0xB1D), offline, amounts[i]), 0, score);
        }
    }
}

/// @notice Of two bidders the first with the highest value wins, and what its price is computed from is the other's value:
/// nothing of the winner's own bid.
contract AuctionProof is ProofTest {
    Ranking private ranking;

    function setUp() external {
        ranking = new Ranking();
    }

    function check_offlineOfTwo(uint96[2] calldata amounts) external {
        uint256[] memory values = new uint256[](2);
        (values[0], values[1]) = (amounts[0], amounts[1]);
        requireRanked(true, values, new uint96[](2));
    }

    function check_onlineOfTwo(uint96[2] calldata amounts, uint96[2] calldata additive) external {
        uint256[] memory values = new uint256[](2);
        uint96[] memory surplus = new uint96[](2);
        (values[0], values[1], surplus[0], surplus[1]) = (amounts[0], amounts[1], additive[0], additive[1]);
        requireRanked(false, values, surplus);
    }

    /// @dev The value is the bid, and online the additive surplus besides.
    function requireRanked(bool offline, uint256[] memory amounts, uint96[] memory additive) private {
        IAuctionHouse.Terms memory terms;
        (terms.onlineDeposit, terms.offlineDeposit) = (type(uint96).max, type(uint96).max);
        terms.maximumSeconds = 1;
        for (uint256 i; i < amounts.length; ++i) {
            vm.assume(amounts[i] <= MAXIMUM_AMOUNT);
        }
        IAuctionHouse.Standing memory reached = ranking.standing(terms, offline, amounts, additive);
        uint256 winner = offline ? reached.offlineIndex : reached.onlineIndex;
        uint256 value = offline ? reached.offlineValue : reached.onlineValue;
        uint256 second = offline ? reached.offlineSecond : reached.onlineSecond;

        uint256 highestOther;
        for (uint256 i; i < amounts.length; ++i) {
            uint256 others = amounts[i] + additive[i];
            if (i == winner) assert(value == others);
            else if (i < winner) assert(others < value);
            else assert(others <= value);
            if (i != winner && others > highestOther) highestOther = others;
        }
        assert(winner < amounts.length);
        assert(second == highestOther);
    }
}
