// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuctionHouse} from "../../../contracts/auctions/AuctionHouse.sol";
import {IAuctionHouse} from "../../../contracts/auctions/IAuctionHouse.sol";
import {Membership} from "../../../contracts/identity/Membership.sol";
import {Roles} from "../../../contracts/identity/Roles.sol";
import {Payouts} from "../../../contracts/payments/Payouts.sol";
import {AuctionReference} from "./AuctionReference.sol";
import {BiddingTerms} from "../../../contracts/auctions/AuctionWords.sol";
import {EntitlementProofs} from "./EntitlementProofs.sol";
import {RefusingAccount} from "../mocks/ForeignTokens.sol";
import {ForgeTest} from "./ForgeTest.sol";

/// @title AuctionHandler
/// @notice Plays rounds with random bidders, operators that go silent, and bids that are left out or never opened.
contract AuctionHandler is ForgeTest {
    uint256 private constant BIDDERS = 6;
    uint40 private constant STEP = 1 hours;

    /// @dev What a round looked like from outside. `known` bids are those the operator can open.
    struct Book {
        IAuctionHouse.Terms terms;
        uint96[] amounts;
        bytes32[] salts;
        bool[] known;
        AuctionReference.Bid[] bids;
        AuctionReference.Score[] scores;
        uint256[] bitmap;
        IAuctionHouse.State ended;
        IAuctionHouse.Entitlement[] entitlements;
        mapping(uint256 index => bool) collected;
    }

    AuctionHouse public immutable house;
    Payouts public immutable payouts;
    address public immutable operator = address(0x0111);
    address public immutable roadsideUnit = address(0x0222);
    address public immutable brand = address(0x0333);
    address public immutable treasury = address(0x0444);

    bytes32[] public rounds;
    mapping(bytes32 roundId => Book book) private _books;
    mapping(IAuctionHouse.State state => uint256 count) public endings;
    uint256 public soldOnline;
    uint256 public soldOffline;
    uint256 public selfOpenings;
    uint256 public collections;
    uint256 public paid;
    address public immutable refuser = address(new RefusingAccount());

    constructor() {
        Membership membership = new Membership(address(this), address(0xF0));
        payouts = new Payouts(address(0));
        house = new AuctionHouse(address(membership), address(0xF0), address(payouts), treasury);
        membership.admit(operator, Roles.OPERATOR, type(uint40).max, bytes32(0));
        membership.admit(roadsideUnit, Roles.ROADSIDE_UNIT, type(uint40).max, bytes32(0));
        for (uint256 i; i < BIDDERS; ++i) {
            membership.admit(bidder(i), Roles.VEHICLE | Roles.MODEL_PROVIDER, type(uint40).max, bytes32(0));
            vm.deal(bidder(i), type(uint128).max);
        }
        vm.deal(operator, type(uint128).max);
    }

    /* ACTIONS */

    function openRound(uint256 seed) external {
        if (rounds.length == 3) return;
        IAuctionHouse.Terms memory terms = drawTerms(seed);
        vm.prank(operator);
        bytes32 roundId = house.openRound{value: uint256(terms.brandPrice) * terms.maximumSeconds}(terms);
        _books[roundId].terms = terms;
        rounds.push(roundId);
    }

    function commitBids(uint256 seed, uint8 count) external {
        (bytes32 roundId, Book storage book) = pick(seed);
        if (roundId == 0 || block.timestamp >= book.terms.commitUntil) return;
        for (uint256 i; i < count % 5 && book.bids.length < book.terms.maximumBids; ++i) {
            commitBid(roundId, book, uint256(keccak256(abi.encode(seed, i))));
        }
    }

    function publishScores(uint256 seed) external {
        (bytes32 roundId, Book storage book) = pick(seed);
        if (roundId == 0 || stateOf(roundId) != IAuctionHouse.State.Open) return;
        vm.warp(max(block.timestamp, book.terms.commitUntil));
        if (block.timestamp >= book.terms.scoreUntil) return;
        for (uint256 i; i < book.bids.length; ++i) {
            if (book.bids[i].submarket != IAuctionHouse.Submarket.Online) continue;
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            book.scores.push(
                AuctionReference.Score({
                    proportional: uint128(word % 2e18),
                    additive: uint96((word >> 64) % 50),
                    simulationSeconds: uint32((word >> 96) % (uint256(book.terms.maximumSeconds) + 1))
                })
            );
        }
        bytes32 inputsHash = sha256("inputs");
        vm.prank(operator);
        house.publishScores(book.terms, AuctionReference.words(book.scores), inputsHash, "inputs");
    }

    function declareOpenings(uint256 seed) external {
        (bytes32 roundId, Book storage book) = pick(seed);
        if (roundId == 0 || stateOf(roundId) != IAuctionHouse.State.Scored) return;
        if (block.timestamp >= book.terms.declareUntil) return;
        uint256 word;
        for (uint256 i; i < book.bids.length; ++i) {
            if (book.known[i]) {
                word |= 1 << i;
                open(book, i);
            }
        }
        if (book.bids.length > 0) book.bitmap.push(word);
        vm.prank(operator);
        house.declareOpenings(book.terms, book.bitmap);
    }

    function openOwnBid(uint256 seed, uint8 position, bool truly) external {
        (bytes32 roundId, Book storage book) = pick(seed);
        if (roundId == 0 || stateOf(roundId) != IAuctionHouse.State.Declared || book.bids.length == 0) return;
        if (block.timestamp >= book.terms.openUntil) return;
        uint256 index = position % book.bids.length;
        if (book.bids[index].opened) return;
        uint96 amount = truly ? book.amounts[index] : book.amounts[index] + 1;
        vm.prank(book.bids[index].bidder);
        house.openOwnBid(
            book.terms, index, book.bids[index].submarket, amount, book.salts[index], book.bitmap
        );
        if (truly) {
            open(book, index);
            ++selfOpenings;
        }
    }

    function settle(uint256 seed) external {
        (bytes32 roundId, Book storage book) = pick(seed);
        if (roundId == 0 || stateOf(roundId) != IAuctionHouse.State.Declared) return;
        vm.warp(max(block.timestamp, book.terms.openUntil));
        if (block.timestamp >= book.terms.settleUntil) return;
        settleAndCheck(roundId, book);
    }

    function refundAll(uint256 seed) external {
        (bytes32 roundId, Book storage book) = pick(seed);
        if (roundId == 0) return;
        IAuctionHouse.State state = stateOf(roundId);
        bool due = state == IAuctionHouse.State.Open
            ? block.timestamp >= book.terms.scoreUntil
            : state == IAuctionHouse.State.Scored
                ? block.timestamp >= book.terms.declareUntil
                : block.timestamp >= book.terms.settleUntil;
        AuctionReference.Bid[] memory bids = book.bids;
        if (!due) {
            bytes memory refusal =
                abi.encodeWithSelector(IAuctionHouse.AuctionHouse_RefundNotDue.selector, roundId, state);
            refund(book, refusal);
            return;
        }
        refund(book);
        for (uint256 i; i < bids.length; ++i) {
            owe(book, bids[i].bidder, AuctionReference.deposit(book.terms, bids[i].submarket));
        }
        owe(book, operator, uint256(book.terms.brandPrice) * book.terms.maximumSeconds);
        finish(roundId, book, IAuctionHouse.State.Refunded);
    }

    /// @dev An ended round must not end again, in whichever way and at whichever time.
    function endAgain(uint256 seed) external {
        if (rounds.length == 0) return;
        bytes32 roundId = rounds[seed % rounds.length];
        Book storage book = _books[roundId];
        if (book.ended == IAuctionHouse.State.None) return;
        refund(
            book, abi.encodeWithSelector(IAuctionHouse.AuctionHouse_RefundNotDue.selector, roundId, book.ended)
        );
        settle(
            book,
            abi.encodeWithSelector(
                IAuctionHouse.AuctionHouse_WrongState.selector, roundId, book.ended, IAuctionHouse.State.Declared
            )
        );
        // Neither may it open again under the same terms, not even if time ran back to when these were sound.
        uint256 present = block.timestamp;
        vm.warp(book.terms.commitUntil - 1);
        vm.prank(operator);
        vm.expectRevert(
            abi.encodeWithSelector(IAuctionHouse.AuctionHouse_AlreadyExists.selector, roundId, book.ended)
        );
        house.openRound{value: uint256(book.terms.brandPrice) * book.terms.maximumSeconds}(book.terms);
        vm.warp(present);
    }

    /// @dev The account itself, or anybody for it.
    function collect(uint256 seed, bool byItself) external {
        (bytes32 roundId, Book storage book) = pickEnded(seed);
        if (roundId == 0) return;
        uint256 index = (seed >> 8) % book.entitlements.length;
        IAuctionHouse.Entitlement memory entitlement = book.entitlements[index];
        bytes32[] memory proof = EntitlementProofs.proofOf(EntitlementProofs.treeOf(book.entitlements), index);
        uint256 before = entitlement.account.balance + payouts.creditOf(entitlement.account);
        bool again = book.collected[index];
        if (byItself && entitlement.account != refuser) vm.prank(entitlement.account);
        if (again) {
            vm.expectRevert(
                abi.encodeWithSelector(IAuctionHouse.AuctionHouse_AlreadyCollected.selector, roundId, index)
            );
        }
        house.collect(roundId, entitlement, proof);
        if (!again) note(book, index, entitlement.amount);
        uint256 expected = before + (again ? 0 : entitlement.amount);
        assertEq(entitlement.account.balance + payouts.creditOf(entitlement.account), expected, "paid or credited");
    }

    /// @dev Those of a random choice that are not collected yet.
    function collectMany(uint256 seed, uint256 choice) external {
        (bytes32 roundId, Book storage book) = pickEnded(seed);
        if (roundId == 0) return;
        bool[] memory chosen = new bool[](book.entitlements.length);
        uint256 count;
        for (uint256 i; i < chosen.length; ++i) {
            chosen[i] = choice >> (i % 256) & 1 == 1 && !book.collected[i];
            if (chosen[i]) ++count;
        }
        if (count == 0) return;
        IAuctionHouse.Entitlement[] memory batch = new IAuctionHouse.Entitlement[](count);
        uint256 position;
        for (uint256 i; i < chosen.length; ++i) {
            if (chosen[i]) batch[position++] = book.entitlements[i];
        }
        (bytes32[] memory proof, bool[] memory flags) =
            EntitlementProofs.multiProofOf(EntitlementProofs.treeOf(book.entitlements), chosen);
        house.collectMany(roundId, batch, proof, flags);
        for (uint256 i; i < chosen.length; ++i) {
            if (chosen[i]) note(book, i, book.entitlements[i].amount);
        }
    }

    /// @dev More than is owed, or to somebody else, is never paid.
    function collectFalsely(uint256 seed, uint160 more, address account) external {
        (bytes32 roundId, Book storage book) = pickEnded(seed);
        if (roundId == 0) return;
        uint256 index = (seed >> 8) % book.entitlements.length;
        IAuctionHouse.Entitlement memory entitlement = book.entitlements[index];
        bytes32[] memory proof = EntitlementProofs.proofOf(EntitlementProofs.treeOf(book.entitlements), index);
        if (seed & 1 == 0) entitlement.amount += 1 + more % 1 ether;
        else entitlement.account = account == entitlement.account ? address(1) : account;
        vm.expectRevert(abi.encodeWithSelector(IAuctionHouse.AuctionHouse_NotEntitled.selector, roundId));
        house.collect(roundId, entitlement, proof);
    }

    function passTime(uint16 minutesOn) external {
        vm.warp(block.timestamp + uint256(minutesOn % 90) * 1 minutes);
    }

    /* FOR THE INVARIANTS */

    function roundCount() external view returns (uint256) {
        return rounds.length;
    }

    function endedAs(bytes32 roundId) external view returns (IAuctionHouse.State) {
        return _books[roundId].ended;
    }

    function fundsOf(bytes32 roundId) public view returns (uint256 funds) {
        Book storage book = _books[roundId];
        funds = uint256(book.terms.brandPrice) * book.terms.maximumSeconds;
        for (uint256 i; i < book.bids.length; ++i) {
            funds += AuctionReference.deposit(book.terms, book.bids[i].submarket);
        }
    }

    /// @dev What an ended round still owes.
    function uncollectedOf(bytes32 roundId) external view returns (uint256 amount) {
        Book storage book = _books[roundId];
        for (uint256 i; i < book.entitlements.length; ++i) {
            if (!book.collected[i]) amount += book.entitlements[i].amount;
        }
    }

    /// @dev Whether the contract's marks of what was collected are those of the handler.
    function marksAgree(bytes32 roundId) external view returns (bool) {
        Book storage book = _books[roundId];
        for (uint256 i; i < book.entitlements.length + 2; ++i) {
            if (house.isCollected(roundId, i) != book.collected[i]) return false;
        }
        return true;
    }

    function stateOf(bytes32 roundId) public view returns (IAuctionHouse.State state) {
        (state,,) = house.roundOf(roundId);
    }

    /* INTERNAL */

    function commitBid(bytes32 roundId, Book storage book, uint256 word) private {
        IAuctionHouse.Submarket submarket =
            word & 1 == 0 ? IAuctionHouse.Submarket.Online : IAuctionHouse.Submarket.Offline;
        address account = bidder(word >> 8);
        uint96 amount = uint96((word >> 16) % 300);
        bytes32 salt = keccak256(abi.encode(word));
        bytes32 commitment = house.commitmentOf(roundId, account, submarket, amount, salt);
        uint256 value = AuctionReference.deposit(book.terms, submarket);
        (BiddingTerms bidding, bytes32 termsHash) = house.partsOf(book.terms);
        vm.prank(account);
        house.commitBid{value: value}(bidding, termsHash, submarket, commitment);
        book.amounts.push(amount);
        book.salts.push(salt);
        book.known.push(word & 6 != 0);
        book.bids.push(AuctionReference.Bid(account, submarket, false, 0, commitment));
    }

    function settleAndCheck(bytes32 roundId, Book storage book) private {
        IAuctionHouse.Result memory result = AuctionReference.outcome(book.terms, book.bids, book.scores);
        settle(book, "");
        uint256 advance = uint256(book.terms.brandPrice) * book.terms.maximumSeconds;
        uint256 fromBrand = result.offlineIndex == type(uint256).max ? result.offlinePrice : 0;
        uint256[] memory refunds = AuctionReference.refunds(book.terms, book.bids, result);
        for (uint256 i; i < refunds.length; ++i) {
            owe(book, book.bids[i].bidder, refunds[i]);
        }
        owe(book, roadsideUnit, result.onlinePrice + result.offlinePrice);
        owe(book, treasury, result.penalties);
        owe(book, operator, advance - fromBrand);
        if (result.onlineIndex != type(uint256).max) {
            assertLe(result.onlinePrice, book.bids[result.onlineIndex].amount, "price at most the bid");
            ++soldOnline;
        }
        if (result.offlineIndex != type(uint256).max) ++soldOffline;
        finish(roundId, book, IAuctionHouse.State.Settled);
    }

    function settle(Book storage book, bytes memory refusal) private {
        vm.prank(operator);
        if (refusal.length > 0) vm.expectRevert(refusal);
        house.settle(
            book.terms,
            AuctionReference.replay(book.bids),
            AuctionReference.words(book.scores),
            book.bitmap
        );
    }

    function refund(Book storage book) private {
        refund(book, "");
    }

    function refund(Book storage book, bytes memory refusal) private {
        if (refusal.length > 0) vm.expectRevert(refusal);
        house.refundAll(book.terms, AuctionReference.replay(book.bids));
    }

    function owe(Book storage book, address account, uint256 amount) private {
        book.entitlements.push(
            IAuctionHouse.Entitlement(uint24(book.entitlements.length), account, uint160(amount))
        );
    }

    function note(Book storage book, uint256 index, uint256 amount) private {
        book.collected[index] = true;
        paid += amount;
        ++collections;
    }

    function open(Book storage book, uint256 index) private {
        AuctionReference.Bid storage bid = book.bids[index];
        (bid.opened, bid.amount, bid.secret) = (true, book.amounts[index], book.salts[index]);
    }

    function finish(bytes32 roundId, Book storage book, IAuctionHouse.State state) private {
        assertEq(uint256(stateOf(roundId)), uint256(state), "end state");
        bytes32 root = EntitlementProofs.treeOf(book.entitlements)[0];
        assertEq(house.entitlementsOf(roundId), root, "root of what everybody is owed");
        book.ended = state;
        ++endings[state];
    }

    /// @dev A round that has not ended, or zero.
    function pick(uint256 seed) private view returns (bytes32 roundId, Book storage book) {
        for (uint256 i; i < rounds.length; ++i) {
            roundId = rounds[(seed % rounds.length + i) % rounds.length];
            book = _books[roundId];
            if (book.ended == IAuctionHouse.State.None) return (roundId, book);
        }
        return (0, _books[0]);
    }

    function pickEnded(uint256 seed) private view returns (bytes32 roundId, Book storage book) {
        for (uint256 i; i < rounds.length; ++i) {
            roundId = rounds[(seed % rounds.length + i) % rounds.length];
            book = _books[roundId];
            if (book.ended != IAuctionHouse.State.None) return (roundId, book);
        }
        return (0, _books[0]);
    }

    /// @dev One of them refuses coins.
    function bidder(uint256 index) private view returns (address) {
        if (index % BIDDERS == 0) return refuser;
        return address(uint160(0xB1D0 + index % BIDDERS));
    }

    function drawTerms(uint256 seed) private view returns (IAuctionHouse.Terms memory terms) {
        terms.operator = operator;
        terms.beneficiary = roadsideUnit;
        uint40 now_ = uint40(block.timestamp);
        terms.commitUntil = now_ + STEP;
        terms.scoreUntil = now_ + 2 * STEP;
        terms.declareUntil = now_ + 3 * STEP;
        terms.openUntil = now_ + 4 * STEP;
        terms.settleUntil = now_ + 5 * STEP;
        terms.onlineDeposit = uint96(100 + (seed & 0xff));
        terms.offlineDeposit = uint96(1000 + (seed >> 8 & 0xfff));
        terms.onlineReserve = uint96((seed >> 20 & 0xff) % 80);
        terms.offlineReserve = uint96((seed >> 28 & 0xff) % 40);
        terms.alpha = 1e18 + (seed >> 36) % 1e18;
        terms.maximumSeconds = uint32(1 + (seed >> 100) % 10);
        terms.penaltyBps = uint16((seed >> 110) % 10_001);
        terms.maximumBids = 20;
        if (seed >> 130 & 3 != 0) (terms.brand, terms.brandPrice) = (brand, uint96((seed >> 132) % 50));
        terms.salt = keccak256(abi.encode(seed, rounds.length));
    }

    function max(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }
}
