// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {MemberContext} from "../identity/MemberContext.sol";
import {Roles} from "../identity/Roles.sol";
import {AuctionSettlementLibrary} from "./AuctionSettlementLibrary.sol";
import {
    BidWord,
    BiddingTerms,
    MAXIMUM_AMOUNT,
    ScoreWord,
    biddingTerms,
    openedBid,
    sealedBid
} from "./AuctionWords.sol";
import {BidChainLibrary} from "./BidChainLibrary.sol";
import {IAuctionHouse} from "./IAuctionHouse.sol";

/// @title AuctionRounds
/// @notice Rounds until their end: terms, sealed bids, scores and openings.
/// @dev Members are asked for their role when they open a round or commit a bid, never afterwards: leaving the consortium
/// locks no deposit. All times are compared with `>=` or `<`, as several blocks may share a timestamp.
abstract contract AuctionRounds is IAuctionHouse, MemberContext {
    using BidChainLibrary for bytes28;
    using BidChainLibrary for bytes32;
    using BidChainLibrary for uint256[];

    /// @dev slot 0: 8 bits state | 24 bits number of bids | 224 bits head of the chain of bids
    ///      slot 1: head of the chain of scores; once the round has ended, root of its entitlements
    ///      slot 2: hash of the bitmap of openings, until the round has ended
    ///      slot 3: where the bitmap of collected entitlements is found
    struct Round {
        State state;
        uint24 bids;
        bytes28 head;
        bytes32 scoresOrEntitlements;
        bytes32 bitmapHash;
        BitMaps.BitMap collected;
    }

    /// @notice Largest alpha accepted; larger factors could overflow a price and so block a settlement.
    uint256 public constant MAXIMUM_ALPHA = type(uint128).max;

    mapping(bytes32 roundId => Round round) internal _rounds;

    /// @dev Key: hash of commitment and index, so that an opening counts only where exactly this bid was committed.
    mapping(bytes32 opening => bool made) private _ownOpenings;

    constructor(address membership_, address forwarder) MemberContext(membership_, forwarder) {}

    /* BIDDING */

    /// @inheritdoc IAuctionHouse
    function openRound(Terms calldata terms) external payable returns (bytes32 roundId) {
        // Check: a new round under sound terms, its advance paid, opened by its operator.
        _requireOperator(terms);
        _requireRole(Roles.OPERATOR);
        membership.requireRole(terms.beneficiary, Roles.ROADSIDE_UNIT);
        _requireSoundTerms(terms);
        _requireValue(AuctionSettlementLibrary.advanceOf(terms));
        roundId = idOf(terms);
        Round storage round = _rounds[roundId];
        require(round.state == State.None, AuctionHouse_AlreadyExists(roundId, round.state));

        // Effect: open the round.
        round.state = State.Open;
        emit RoundOpened(roundId, terms.operator, terms);
    }

    /// @inheritdoc IAuctionHouse
    function commitBid(BiddingTerms bidding, bytes32 termsHash, Submarket submarket, bytes32 commitment)
        external
        payable
    {
        // Check: the round takes bids, and this one from this caller with this deposit.
        bytes32 roundId = _idOf(bidding, termsHash);
        Round storage round = _rounds[roundId];
        (State state, uint24 index, bytes28 head) = (round.state, round.bids, round.head);
        require(state == State.Open, AuctionHouse_WrongState(roundId, state, State.Open));
        _requireBefore(bidding.commitUntil());
        require(index < bidding.maximumBids(), AuctionHouse_RoundFull(roundId, bidding.maximumBids()));
        bool offline = submarket == Submarket.Offline;
        _requireValue(offline ? bidding.offlineDeposit() : bidding.onlineDeposit());
        address bidder = _msgSender();
        membership.requireRole(bidder, offline ? Roles.MODEL_PROVIDER : Roles.VEHICLE);

        // Effect: extend the chain.
        (round.bids, round.head) = (index + 1, head.append(sealedBid(bidder, offline), commitment));
        emit BidCommitted(roundId, bidder, index, submarket, commitment);
    }

    /* SCORING AND OPENING */

    /// @inheritdoc IAuctionHouse
    function publishScores(Terms calldata terms, ScoreWord[] calldata scores, bytes32 inputsHash, bytes calldata inputs)
        external
    {
        // Check: the operator's time to score, with the inputs it states and within the terms.
        bytes32 roundId = idOf(terms);
        _requireState(roundId, State.Open);
        _requireOperator(terms);
        _requireFrom(terms.commitUntil);
        _requireBefore(terms.scoreUntil);
        require(sha256(inputs) == inputsHash, AuctionHouse_InputsMismatch(inputsHash, sha256(inputs)));
        bytes32 head;
        for (uint256 i; i < scores.length; ++i) {
            uint32 duration = scores[i].simulationSeconds();
            require(
                duration <= terms.maximumSeconds, AuctionHouse_ScoreTooLong(i, duration, terms.maximumSeconds)
            );
            head = head.append(scores[i]);
        }

        // Effect: fix the scores.
        Round storage round = _rounds[roundId];
        round.state = State.Scored;
        round.scoresOrEntitlements = head;
        emit ScoresPublished(roundId, inputsHash, scores, inputs);
    }

    /// @inheritdoc IAuctionHouse
    function declareOpenings(Terms calldata terms, uint256[] calldata bitmap) external {
        // Check: the operator's time to declare, one bit for each bid.
        bytes32 roundId = idOf(terms);
        Round storage round = _rounds[roundId];
        _requireState(roundId, State.Scored);
        _requireOperator(terms);
        _requireBefore(terms.declareUntil);
        uint256 words = BidChainLibrary.wordsFor(round.bids);
        require(bitmap.length == words, AuctionHouse_BitmapLength(bitmap.length, words));

        // Effect: fix the declaration.
        round.state = State.Declared;
        round.bitmapHash = keccak256(abi.encode(bitmap));
        emit OpeningsDeclared(roundId, bitmap);
    }

    /// @inheritdoc IAuctionHouse
    function openOwnBid(
        Terms calldata terms,
        uint256 index,
        Submarket submarket,
        uint256 amount,
        bytes32 salt,
        uint256[] calldata bitmap
    ) external {
        // Check: the bidders' time to open, a bid of this round that the operator left out.
        bytes32 roundId = idOf(terms);
        _requireState(roundId, State.Declared);
        _requireBefore(terms.openUntil);
        _requireBitmap(roundId, bitmap);
        require(index < _rounds[roundId].bids, AuctionHouse_UnknownBid(roundId, index));
        require(!bitmap.isSet(index), AuctionHouse_AlreadyDeclared(roundId, index));

        // Effect: note the opening; the chain tells at settlement whether it is true.
        address bidder = _msgSender();
        bytes32 commitment = commitmentOf(roundId, bidder, submarket, amount, salt);
        _ownOpenings[Hashes.efficientKeccak256(commitment, bytes32(index))] = true;
        emit OwnBidOpened(roundId, bidder, index, submarket, amount, salt);
    }

    /* VIEWS */

    /// @inheritdoc IAuctionHouse
    function roundOf(bytes32 roundId) external view returns (State state, uint24 bids, bytes32 head) {
        Round storage round = _rounds[roundId];
        return (round.state, round.bids, round.head);
    }

    /// @inheritdoc IAuctionHouse
    function idOf(Terms calldata terms) public view returns (bytes32) {
        (BiddingTerms bidding, bytes32 termsHash) = partsOf(terms);
        return _idOf(bidding, termsHash);
    }

    /// @inheritdoc IAuctionHouse
    function partsOf(Terms calldata terms) public pure returns (BiddingTerms bidding, bytes32 termsHash) {
        bidding = biddingTerms(terms.onlineDeposit, terms.offlineDeposit, terms.commitUntil, terms.maximumBids);
        termsHash = keccak256(abi.encode(terms));
    }

    /// @inheritdoc IAuctionHouse
    function commitmentOf(bytes32 roundId, address bidder, Submarket submarket, uint256 amount, bytes32 salt)
        public
        pure
        returns (bytes32)
    {
        require(amount <= MAXIMUM_AMOUNT, AuctionHouse_AmountTooLarge(amount, MAXIMUM_AMOUNT));
        BidWord bid = openedBid(bidder, submarket == Submarket.Offline, amount);
        return BidChainLibrary.commitmentOf(roundId, bid, salt);
    }

    /* CHECKS */

    /// @dev Most bids that terms may allow.
    function _maximumBids() internal pure virtual returns (uint256);

    /// @dev Moves the standing from the start on by all bids, and tells the place of the first that is opened though it must not
    /// be, or the other way round. Opened must be exactly what was declared or truly self-opened before `openUntil`: an
    /// operator free to open further bids, or to leave some out, could choose among outcomes once it has seen them all. A
    /// score too few counts as zero, and makes another chain than the published one.
    function _replay(
        bytes32 roundId,
        AuctionSettlementLibrary.Limits memory limits,
        Standing memory standing,
        Bid[] calldata bids,
        ScoreWord[] calldata scores,
        uint256[] calldata bitmap
    ) internal view returns (uint256 wrongOpening) {
        wrongOpening = AuctionSettlementLibrary.NONE;
        for (uint256 i; i < bids.length; ++i) {
            uint256 place = standing.onlineBids;
            ScoreWord score = place < scores.length ? scores[place] : ScoreWord.wrap(0);
            bool right = _advance(roundId, limits, standing, bids[i], score, bitmap);
            if (!right && wrongOpening == AuctionSettlementLibrary.NONE) wrongOpening = i;
        }
    }

    /// @dev One bid of {_replay}; tells whether it is opened exactly if it must be.
    function _advance(
        bytes32 roundId,
        AuctionSettlementLibrary.Limits memory limits,
        Standing memory standing,
        Bid calldata bid,
        ScoreWord score,
        uint256[] calldata bitmap
    ) private view returns (bool right) {
        BidWord word = bid.word;
        bytes32 commitment = roundId.replayedCommitment(word, bid.secret);
        uint256 index = standing.bids;
        bool must =
            bitmap.isSet(index) || _ownOpenings[Hashes.efficientKeccak256(commitment, bytes32(index))];
        right = word.isOpened() == must && (must || word.amountOf() == 0);
        AuctionSettlementLibrary.step(limits, standing, word, commitment, score);
    }

    function _requireOperator(Terms calldata terms) internal view {
        require(_msgSender() == terms.operator, AuctionHouse_NotOperator(_msgSender(), terms.operator));
    }

    function _requireState(bytes32 roundId, State required) internal view {
        State state = _rounds[roundId].state;
        require(state == required, AuctionHouse_WrongState(roundId, state, required));
    }

    function _requireBitmap(bytes32 roundId, uint256[] calldata bitmap) internal view {
        require(_rounds[roundId].bitmapHash == keccak256(abi.encode(bitmap)), AuctionHouse_BitmapMismatch(roundId));
    }

    function _requireBefore(uint40 limit) internal view {
        require(block.timestamp < limit, AuctionHouse_TooLate(limit, block.timestamp));
    }

    function _requireFrom(uint40 limit) internal view {
        require(block.timestamp >= limit, AuctionHouse_TooEarly(limit, block.timestamp));
    }

    function _requireValue(uint256 required) internal view {
        require(msg.value == required, AuctionHouse_ValueMismatch(msg.value, required));
    }

    function _idOf(BiddingTerms bidding, bytes32 termsHash) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), bidding, termsHash));
    }

    function _requireSoundTerms(Terms calldata terms) private view {
        bool ascending = block.timestamp < terms.commitUntil && terms.commitUntil < terms.scoreUntil
            && terms.scoreUntil < terms.declareUntil && terms.declareUntil < terms.openUntil
            && terms.openUntil < terms.settleUntil;
        require(ascending, AuctionHouse_BadTimes());
        require(terms.brand != address(0) || terms.brandPrice == 0, AuctionHouse_BadTerms("brand"));
        require(terms.onlineDeposit != 0, AuctionHouse_BadTerms("onlineDeposit"));
        require(terms.offlineDeposit != 0, AuctionHouse_BadTerms("offlineDeposit"));
        require(
            terms.alpha >= AuctionSettlementLibrary.WAD && terms.alpha <= MAXIMUM_ALPHA, AuctionHouse_BadTerms("alpha")
        );
        require(terms.maximumSeconds != 0, AuctionHouse_BadTerms("maximumSeconds"));
        require(terms.penaltyBps <= AuctionSettlementLibrary.BASIS_POINTS, AuctionHouse_BadTerms("penaltyBps"));
        require(
            terms.maximumBids != 0 && terms.maximumBids <= _maximumBids(), AuctionHouse_BadTerms("maximumBids")
        );
    }
}
