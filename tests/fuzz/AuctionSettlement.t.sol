// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuctionHouse} from "../../contracts/auctions/IAuctionHouse.sol";
import {AuctionReference} from "./support/AuctionReference.sol";
import {AuctionSettlementHarness} from "./support/AuctionSettlementHarness.sol";
import {ForgeTest} from "./support/ForgeTest.sol";

/// @notice Winners, prices and payments against a plain reference, and what bidders can gain by not telling the truth.
contract AuctionSettlementTest is ForgeTest {
    uint256 private constant NONE = type(uint256).max;

    struct Market {
        IAuctionHouse.Terms terms;
        AuctionReference.Bid[] bids;
        AuctionReference.Score[] scores;
    }

    AuctionSettlementHarness private harness = new AuctionSettlementHarness();

    /// forge-config: default.fuzz.runs = 2000
    function testFuzz_outcomeEqualsReference(uint256 seed, uint8 count, uint8 scale) public view {
        Market memory market = drawMarket(seed, count % 24, scale);
        IAuctionHouse.Result memory actual = outcome(market);
        IAuctionHouse.Result memory expected = AuctionReference.outcome(market.terms, market.bids, market.scores);
        assertEq(keccak256(abi.encode(actual)), keccak256(abi.encode(expected)), "outcome equals the reference");
    }

    function testFuzz_paymentsUseUpAllFunds(uint256 seed, uint8 count, uint8 scale) public view {
        Market memory market = drawMarket(seed, count % 24, scale);
        IAuctionHouse.Result memory result = outcome(market);
        uint256[] memory refunds =
            harness.refunds(market.terms, AuctionReference.words(market.bids), result);
        uint256[] memory expected = AuctionReference.refunds(market.terms, market.bids, result);
        uint256 sum = result.onlinePrice + result.offlinePrice + result.penalties
            + harness.unusedAdvanceOf(market.terms, result);
        uint256 funds = uint256(market.terms.brandPrice) * market.terms.maximumSeconds;
        for (uint256 i; i < refunds.length; ++i) {
            assertEq(refunds[i], expected[i], "refund equals the reference");
            sum += refunds[i];
            funds += AuctionReference.deposit(market.terms, market.bids[i].submarket);
        }
        assertEq(sum, funds, "payments, refunds, penalties equal deposits and advance");
    }

    function testFuzz_winnersPayAtMostTheirBid(uint256 seed, uint8 count, uint8 scale) public view {
        Market memory market = drawMarket(seed, count % 24, scale);
        IAuctionHouse.Result memory result = outcome(market);
        if (result.onlineIndex != NONE) {
            assertLe(result.onlinePrice, market.bids[result.onlineIndex].amount, "online price and bid");
            assertLe(result.onlinePrice, market.terms.onlineDeposit, "online price and deposit");
        }
        if (result.offlineIndex != NONE) {
            uint256 bid = market.bids[result.offlineIndex].amount;
            assertLe(result.offlinePrice, bid * result.simulationSeconds, "offline price and bid");
            assertLe(result.offlinePrice, market.terms.offlineDeposit, "offline price and deposit");
        }
    }

    /// @dev With a bid in whole wei a tie can be broken by raising it where the exact critical bid is a fraction; the price,
    /// rounded down, then leaves less than one wei of gain. More is never possible.
    /// forge-config: default.fuzz.runs = 2000
    function testFuzz_onlineDeviationGainsNothing(uint256 seed, uint8 count, uint8 scale, uint96 otherBid) public view {
        Market memory market = drawMarket(seed, 1 + count % 12, scale);
        uint256 index = seed % market.bids.length;
        putIn(market, index, IAuctionHouse.Submarket.Online);
        uint96 value = market.bids[index].amount;
        (uint256 gain, uint256 loss) = onlineUtility(market, index, value, value);
        assertEq(loss, 0, "truth never costs an online bidder anything");
        uint96 deviation = uint96(bound(otherBid, 0, otherBid % 3 == 0 ? type(uint96).max : uint256(value) * 2 + 2));
        (uint256 otherGain,) = onlineUtility(market, index, value, deviation);
        assertLe(otherGain, gain + 1, "no online deviation gains a whole wei more");
    }

    /// forge-config: default.fuzz.runs = 2000
    function testFuzz_offlineDeviationGainsNothing(uint256 seed, uint8 count, uint8 scale, uint96 otherBid) public view {
        Market memory market = drawMarket(seed, 1 + count % 12, scale);
        uint256 index = seed % market.bids.length;
        putIn(market, index, IAuctionHouse.Submarket.Offline);
        uint96 value = market.bids[index].amount;
        (uint256 gain, uint256 loss) = offlineUtility(market, index, value, value);
        assertEq(loss, 0, "truth never costs an offline bidder anything");
        uint96 deviation = uint96(bound(otherBid, 0, otherBid % 3 == 0 ? type(uint96).max : uint256(value) * 2 + 2));
        (uint256 otherGain,) = offlineUtility(market, index, value, deviation);
        assertLe(otherGain, gain, "no offline deviation gains");
    }

    /// @dev Golden numbers of the mechanism: scores 1.3, 1.4, 1.0 -> the second wins and pays 1.3 - 0.9 = 0.4.
    function test_goldenAdditive() public view {
        Market memory market = goldenMarket(3);
        setBid(market, 0, 0.6e18, 0, 0.7e18);
        setBid(market, 1, 0.5e18, 0, 0.9e18);
        setBid(market, 2, 0.9e18, 0, 0.1e18);
        IAuctionHouse.Result memory result = outcome(market);
        assertEq(result.onlineIndex, 1, "winner");
        assertEq(result.onlinePrice, 0.4e18, "critical bid");
    }

    /// @dev Golden numbers of the mechanism: bids .6 and .5 with surplus 1 and 2 per unit -> the second pays 1.2 / 3 = 0.4.
    function test_goldenProportional() public view {
        Market memory market = goldenMarket(2);
        setBid(market, 0, 0.6e18, 1e18, 0);
        setBid(market, 1, 0.5e18, 2e18, 0);
        IAuctionHouse.Result memory result = outcome(market);
        assertEq(result.onlineIndex, 1, "winner");
        assertEq(result.onlinePrice, 0.4e18, "critical bid");
    }

    function outcome(Market memory market) private view returns (IAuctionHouse.Result memory) {
        return harness.outcome(
            market.terms, AuctionReference.words(market.bids), AuctionReference.words(market.scores)
        );
    }

    function onlineUtility(Market memory market, uint256 index, uint256 value, uint96 bid)
        private
        view
        returns (uint256 gain, uint256 loss)
    {
        market.bids[index].amount = bid;
        IAuctionHouse.Result memory result = outcome(market);
        if (result.onlineIndex != index) return (0, 0);
        return difference(value, result.onlinePrice);
    }

    function offlineUtility(Market memory market, uint256 index, uint256 value, uint96 bid)
        private
        view
        returns (uint256 gain, uint256 loss)
    {
        market.bids[index].amount = bid;
        IAuctionHouse.Result memory result = outcome(market);
        if (result.offlineIndex != index) return (0, 0);
        return difference(value * result.simulationSeconds, result.offlinePrice);
    }

    function difference(uint256 worth, uint256 price) private pure returns (uint256 gain, uint256 loss) {
        if (worth >= price) gain = worth - price;
        else loss = price - worth;
    }

    function putIn(Market memory market, uint256 index, IAuctionHouse.Submarket submarket) private pure {
        if (market.bids[index].submarket != submarket) {
            market.bids[index].submarket = submarket;
            market.scores = drawScores(uint256(market.terms.salt), countOnline(market.bids), market.terms);
        }
        market.bids[index].opened = true;
    }

    /// @dev `scale` decides how many bits amounts have: few bits make ties and rounding frequent, 94 bits test the range.
    function drawMarket(uint256 seed, uint256 count, uint8 scale) private pure returns (Market memory market) {
        uint256 bits = scale % 4 == 0 ? 94 : 2 + scale % 14;
        uint256 mask = (1 << bits) - 1;
        IAuctionHouse.Terms memory terms = market.terms;
        terms.operator = address(1);
        terms.beneficiary = address(2);
        terms.salt = bytes32(mask);
        terms.maximumSeconds = uint32(1 + draw(seed, "maximumSeconds") % (scale % 3 == 0 ? 5 : type(uint32).max - 1));
        terms.onlineDeposit = uint96(1 + (draw(seed, "onlineDeposit") & mask) % type(uint96).max);
        terms.offlineDeposit = scale % 5 == 0
            ? uint96(1 + (draw(seed, "offlineDeposit") & mask) % type(uint96).max)
            : type(uint96).max;
        terms.onlineReserve = seed % 3 == 0 ? uint96(draw(seed, "onlineReserve") & mask) : 0;
        terms.offlineReserve = seed % 5 == 0 ? uint96(draw(seed, "offlineReserve") & mask) : 0;
        terms.alpha = seed % 2 == 0 ? 1e18 + draw(seed, "alpha") % 1e18 : 1e18 + (draw(seed, "alpha") >> 129);
        terms.penaltyBps = uint16(draw(seed, "penaltyBps") % 10_001);
        if (seed % 4 != 0) (terms.brand, terms.brandPrice) = (address(3), uint96(draw(seed, "brandPrice") & mask));

        market.bids = new AuctionReference.Bid[](count);
        for (uint256 i; i < count; ++i) {
            uint256 word = draw(seed, bytes32(i));
            bool opened = word % 8 != 0;
            market.bids[i] = AuctionReference.Bid({
                bidder: address(uint160(100 + i)),
                submarket: word >> 8 & 1 == 0 ? IAuctionHouse.Submarket.Online : IAuctionHouse.Submarket.Offline,
                opened: opened,
                amount: opened ? uint96(word >> 16 & mask) : 0,
                secret: bytes32(word)
            });
        }
        market.scores = drawScores(seed, countOnline(market.bids), terms);
    }

    function drawScores(uint256 seed, uint256 count, IAuctionHouse.Terms memory terms)
        private
        pure
        returns (AuctionReference.Score[] memory scores)
    {
        uint256 mask = uint256(terms.salt);
        scores = new AuctionReference.Score[](count);
        for (uint256 i; i < count; ++i) {
            uint256 word = draw(seed, bytes32(i + (1 << 128)));
            scores[i] = AuctionReference.Score({
                proportional: word & 3 == 0 ? 0 : word & 3 == 1 ? uint128(word >> 128) : uint128((word >> 64) % 3e18),
                additive: word & 12 == 0 ? 0 : uint96(word >> 32 & mask),
                simulationSeconds: word & 48 == 0 ? 0 : uint32((word >> 16) % (uint256(terms.maximumSeconds) + 1))
            });
        }
    }

    function countOnline(AuctionReference.Bid[] memory bids) private pure returns (uint256 count) {
        for (uint256 i; i < bids.length; ++i) {
            if (bids[i].submarket == IAuctionHouse.Submarket.Online) ++count;
        }
    }

    function draw(uint256 seed, bytes32 field) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, field)));
    }

    function goldenMarket(uint256 count) private pure returns (Market memory market) {
        market.bids = new AuctionReference.Bid[](count);
        market.scores = new AuctionReference.Score[](count);
        market.terms.onlineDeposit = 10e18;
        market.terms.offlineDeposit = 10e18;
        market.terms.maximumSeconds = 1;
        market.terms.alpha = 1e18;
    }

    function setBid(Market memory market, uint256 index, uint96 bid, uint128 proportional, uint96 additive) private pure {
        market.bids[index] =
            AuctionReference.Bid(address(uint160(100 + index)), IAuctionHouse.Submarket.Online, true, bid, bytes32(0));
        market.scores[index] = AuctionReference.Score(proportional, additive, 0);
    }
}
