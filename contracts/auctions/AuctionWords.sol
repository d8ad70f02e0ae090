// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @dev What a bid needs of a round's terms, so that bidders need not pass all of them:
///
///     8 bits empty | 16 bits maximumBids | 40 bits commitUntil | 96 bits offlineDeposit | 96 bits onlineDeposit
type BiddingTerms is uint256;

/// @dev A bid as it is replayed; the amount is zero when it is not opened, in wei (online) or wei per second (offline):
///
///     1 bit opened | 1 bit offline | 94 bits amount | 160 bits bidder
type BidWord is uint256;

/// @dev Score of one online bid, in the order of online commitments. `proportional`: expected offline surplus per unit of the
/// bid, 1e18 fixed point (rule b of the corrected payment); `additive`: expected offline surplus that does not depend on the
/// bid, in wei (rule a); `simulationSeconds`: simulation time that would be sold with this vehicle:
///
///     128 bits proportional | 96 bits additive | 32 bits simulationSeconds
type ScoreWord is uint256;

using {onlineDeposit, offlineDeposit, commitUntil, maximumBids} for BiddingTerms global;
using {bidderOf, amountOf, isOffline, isOpened, identity} for BidWord global;
using {proportional, additive, simulationSeconds} for ScoreWord global;

uint256 constant OPENED = 1 << 255;
uint256 constant OFFLINE = 1 << 254;

/// @dev The largest amount of a bid in wei: about 2e10 ether.
uint256 constant MAXIMUM_AMOUNT = (1 << 94) - 1;

/* BIDDING TERMS */

function biddingTerms(uint96 onlineDeposit_, uint96 offlineDeposit_, uint40 commitUntil_, uint16 maximumBids_)
    pure
    returns (BiddingTerms)
{
    return BiddingTerms.wrap(
        uint256(onlineDeposit_) | uint256(offlineDeposit_) << 96 | uint256(commitUntil_) << 192
            | uint256(maximumBids_) << 232
    );
}

function onlineDeposit(BiddingTerms terms) pure returns (uint96) {
    return uint96(BiddingTerms.unwrap(terms));
}

function offlineDeposit(BiddingTerms terms) pure returns (uint96) {
    return uint96(BiddingTerms.unwrap(terms) >> 96);
}

function commitUntil(BiddingTerms terms) pure returns (uint40) {
    return uint40(BiddingTerms.unwrap(terms) >> 192);
}

function maximumBids(BiddingTerms terms) pure returns (uint16) {
    return uint16(BiddingTerms.unwrap(terms) >> 232);
}

/* BIDS */

/// @dev An opened bid; `amount` at most {MAXIMUM_AMOUNT}.
function openedBid(address bidder, bool offline, uint256 amount) pure returns (BidWord) {
    return BidWord.wrap(OPENED | (offline ? OFFLINE : 0) | amount << 160 | uint160(bidder));
}

/// @dev A bid that is not opened.
function sealedBid(address bidder, bool offline) pure returns (BidWord) {
    return BidWord.wrap((offline ? OFFLINE : 0) | uint160(bidder));
}

function bidderOf(BidWord bid) pure returns (address) {
    return address(uint160(BidWord.unwrap(bid)));
}

function amountOf(BidWord bid) pure returns (uint256) {
    return BidWord.unwrap(bid) >> 160 & MAXIMUM_AMOUNT;
}

function isOffline(BidWord bid) pure returns (bool) {
    return BidWord.unwrap(bid) & OFFLINE != 0;
}

function isOpened(BidWord bid) pure returns (bool) {
    return BidWord.unwrap(bid) & OPENED != 0;
}

/// @dev Bidder and submarket alone, which are known before a bid is opened.
function identity(BidWord bid) pure returns (BidWord) {
    return BidWord.wrap(BidWord.unwrap(bid) & (OFFLINE | type(uint160).max));
}

/* SCORES */

function proportional(ScoreWord score) pure returns (uint128) {
    return uint128(ScoreWord.unwrap(score) >> 128);
}

function additive(ScoreWord score) pure returns (uint96) {
    return uint96(ScoreWord.unwrap(score) >> 32);
}

function simulationSeconds(ScoreWord score) pure returns (uint32) {
    return uint32(ScoreWord.unwrap(score));
}
