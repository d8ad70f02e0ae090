// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuctionHouse} from "../../contracts/auctions/AuctionHouse.sol";
import {IAuctionHouse} from "../../contracts/auctions/IAuctionHouse.sol";
import {Membership} from "../../contracts/identity/Membership.sol";
import {Roles} from "../../contracts/identity/Roles.sol";
import {Payouts} from "../../contracts/payments/Payouts.sol";
import {BiddingTerms} from "../../contracts/auctions/AuctionWords.sol";
import {AuctionReference} from "./support/AuctionReference.sol";
import {ForgeTest} from "./support/ForgeTest.sol";

/// @notice The largest round that terms may allow still ends in one transaction, however its bids were opened.
contract AuctionHouseSizeTest is ForgeTest {
    /// @dev Most gas of a transaction on Ethereum (EIP-7825).
    uint256 private constant TRANSACTION_GAS = 1 << 24;
    address private constant OPERATOR = address(0x0111);
    address private constant ROADSIDE_UNIT = address(0x0222);
    address private constant FORWARDER = address(0xF0);

    AuctionHouse private house;
    IAuctionHouse.Terms private terms;
    bytes32 private roundId;
    AuctionReference.Bid[] private bids;
    AuctionReference.Bid[] private sealedBids;
    AuctionReference.Score[] private scores;

    event GasOfEnd(uint256 total, uint256 perBid);

    function setUp() public {
        vm.warp(1_800_000_000);
        Membership membership = new Membership(address(this), FORWARDER);
        house = new AuctionHouse(address(membership), FORWARDER, address(new Payouts(FORWARDER)), address(0x0444));
        membership.admit(OPERATOR, Roles.OPERATOR, type(uint40).max, bytes32(0));
        membership.admit(ROADSIDE_UNIT, Roles.ROADSIDE_UNIT, type(uint40).max, bytes32(0));
        uint40 start = uint40(block.timestamp);
        terms = IAuctionHouse.Terms({
            operator: OPERATOR,
            beneficiary: ROADSIDE_UNIT,
            brand: address(0x0333),
            commitUntil: start + 10,
            scoreUntil: start + 20,
            declareUntil: start + 30,
            openUntil: start + 40,
            settleUntil: start + 50,
            onlineDeposit: 1 ether,
            offlineDeposit: 1 ether,
            onlineReserve: 1,
            offlineReserve: 1,
            brandPrice: 1,
            alpha: 1e18,
            maximumSeconds: 10,
            penaltyBps: 1000,
            maximumBids: house.MAXIMUM_BIDS(),
            salt: 0
        });
        vm.deal(OPERATOR, 1 ether);
        vm.prank(OPERATOR);
        roundId = house.openRound{value: 10}(terms);
        for (uint256 i; i < terms.maximumBids; ++i) {
            commit(membership, i);
        }
        vm.warp(terms.commitUntil);
        bytes32 inputsHash = sha256("");
        vm.prank(OPERATOR);
        house.publishScores(terms, AuctionReference.words(scores), inputsHash, "");
    }

    function test_settlesWhenTheOperatorOpensAll() public {
        checkSettlement(type(uint256).max);
    }

    function test_settlesWhenBiddersOpenAll() public {
        checkSettlement(0);
    }

    function test_settlesWhenNobodyOpens() public {
        bids = sealedBids;
        checkSettlement(0);
    }

    function test_refunds() public {
        vm.warp(terms.declareUntil);
        bytes memory call = abi.encodeCall(house.refundAll, (terms, AuctionReference.replay(sealedBids)));
        checkGas(call, address(this));
    }

    function commit(Membership membership, uint256 index) private {
        address bidder = address(uint160(uint256(keccak256(abi.encode("bidder", index)))));
        bytes32 salt = keccak256(abi.encode("salt", index));
        IAuctionHouse.Submarket submarket = IAuctionHouse.Submarket(index % 2);
        uint96 amount = uint96(0.01 ether + index * 1 gwei);
        membership.admit(bidder, Roles.VEHICLE | Roles.MODEL_PROVIDER, type(uint40).max, bytes32(0));
        vm.deal(bidder, 1 ether);
        bytes32 commitment = house.commitmentOf(roundId, bidder, submarket, amount, salt);
        (BiddingTerms bidding, bytes32 termsHash) = house.partsOf(terms);
        vm.prank(bidder);
        house.commitBid{value: 1 ether}(bidding, termsHash, submarket, commitment);
        bids.push(AuctionReference.Bid(bidder, submarket, true, amount, salt));
        sealedBids.push(AuctionReference.Bid(bidder, submarket, false, 0, commitment));
        if (submarket == IAuctionHouse.Submarket.Online) {
            scores.push(AuctionReference.Score(type(uint128).max, type(uint96).max, 10));
        }
    }

    function checkSettlement(uint256 word) private {
        uint256[] memory bitmap = new uint256[]((bids.length + 255) / 256);
        for (uint256 i; i < bitmap.length; ++i) {
            bitmap[i] = word;
        }
        vm.prank(OPERATOR);
        house.declareOpenings(terms, bitmap);
        for (uint256 i; word == 0 && i < bids.length; ++i) {
            if (!bids[i].opened) break;
            vm.prank(bids[i].bidder);
            house.openOwnBid(terms, i, bids[i].submarket, bids[i].amount, bids[i].secret, bitmap);
        }
        vm.warp(terms.openUntil);
        bytes memory call = abi.encodeCall(
            house.settle,
            (terms, AuctionReference.replay(bids), AuctionReference.words(scores), bitmap)
        );
        checkGas(call, OPERATOR);
    }

    /// @dev Slots that this test has touched already are warm, which a transaction of its own would pay 2,000 gas more for:
    /// the self-openings and a few of the round. Credits are new.
    function checkGas(bytes memory call, address caller) private {
        uint256 intrinsic = 21_000;
        for (uint256 i; i < call.length; ++i) {
            intrinsic += call[i] == 0 ? 4 : 16;
        }
        vm.prank(caller);
        uint256 before = gasleft();
        (bool ended,) = address(house).call(call);
        uint256 total = before - gasleft() + intrinsic + 2_000 * (bids.length + 20);
        assertTrue(ended, "the round ends");
        assertLe(total, TRANSACTION_GAS, "gas of the transaction");
        emit GasOfEnd(total, total / bids.length);
    }
}
