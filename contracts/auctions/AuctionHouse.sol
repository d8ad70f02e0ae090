// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberContext} from "../identity/MemberContext.sol";
import {Roles} from "../identity/Roles.sol";
import {IPayouts} from "../payments/IPayouts.sol";
import {AuctionSettlementLibrary} from "./AuctionSettlementLibrary.sol";
import {BidChainLibrary} from "./BidChainLibrary.sol";
import {IAuctionHouse} from "./IAuctionHouse.sol";

/// @title AuctionHouse
/// @dev Members are asked for their role when they open a round or commit a bid, never afterwards: leaving the consortium
/// locks no deposit. All times are compared with `>=` or `<`, as several blocks may share a timestamp. Nobody is paid
/// directly: a round ends with one call that credits all its money in {IPayouts}, so no party's refusal can block it.
contract AuctionHouse is IAuctionHouse, MemberContext {
    using BidChainLibrary for bytes28;
    using BidChainLibrary for uint256[];

    /// @dev slot 0: 8 bits state | 24 bits number of bids | 224 bits head of the chain
    ///      slot 1: hash of the scores; slot 2: hash of the bitmap of openings
    struct Round {
        State state;
        uint24 bids;
        bytes28 head;
        bytes32 scoresHash;
        bytes32 bitmapHash;
    }

    /// @notice Most bids that a round's terms may allow: ending it, with every bidder credited for the first time, takes
    /// about 14 million gas and so fits into one transaction of Ethereum (2^24 gas, EIP-7825).
    uint16 public constant MAXIMUM_BIDS = 350;

    /// @notice Largest alpha accepted; larger factors could overflow a price and so block a settlement.
    uint256 public constant MAXIMUM_ALPHA = type(uint128).max;

    /// @notice Where all money of a round ends as credits.
    IPayouts public immutable payouts;

    /// @notice Who receives the penalties of unopened bids.
    address public immutable treasury;

    mapping(bytes32 roundId => Round round) private _rounds;

    /// @dev A self-opening does not state its submarket, so it is kept under both; only one can match the chain.
    mapping(bytes32 roundId => mapping(uint256 index => mapping(address bidder => mapping(Submarket => bytes32)))) private
        _ownOpenings;

    constructor(address membership_, address forwarder, address payouts_, address treasury_)
        MemberContext(membership_, forwarder)
    {
        require(treasury_ != address(0), AuctionHouse_BadTerms("treasury"));
        payouts = IPayouts(payouts_);
        treasury = treasury_;
    }

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
    function commitBid(Terms calldata terms, Submarket submarket, bytes32 commitment) external payable {
        // Check: the round takes bids, and this one from this caller with this deposit.
        bytes32 roundId = idOf(terms);
        Round storage round = _rounds[roundId];
        _requireState(roundId, State.Open);
        _requireBefore(terms.commitUntil);
        uint24 index = round.bids;
        require(index < terms.maximumBids, AuctionHouse_RoundFull(roundId, terms.maximumBids));
        _requireRole(submarket == Submarket.Online ? Roles.VEHICLE : Roles.MODEL_PROVIDER);
        _requireValue(AuctionSettlementLibrary.depositOf(terms, submarket));

        // Effect: extend the chain.
        address bidder = _msgSender();
        round.head = round.head.append(index, bidder, submarket, commitment);
        round.bids = index + 1;
        emit BidCommitted(roundId, bidder, index, submarket, commitment, msg.value);
    }

    /* SCORING AND OPENING */

    /// @inheritdoc IAuctionHouse
    function publishScores(Terms calldata terms, Score[] calldata scores, bytes32 inputsHash, bytes calldata inputs)
        external
    {
        // Check: the operator's time to score, with the inputs it states and within the terms.
        bytes32 roundId = idOf(terms);
        _requireState(roundId, State.Open);
        _requireOperator(terms);
        _requireFrom(terms.commitUntil);
        _requireBefore(terms.scoreUntil);
        require(sha256(inputs) == inputsHash, AuctionHouse_InputsMismatch(inputsHash, sha256(inputs)));
        for (uint256 i; i < scores.length; ++i) {
            uint32 simulationSeconds = scores[i].simulationSeconds;
            require(
                simulationSeconds <= terms.maximumSeconds,
                AuctionHouse_ScoreTooLong(i, simulationSeconds, terms.maximumSeconds)
            );
        }

        // Effect: fix the scores.
        Round storage round = _rounds[roundId];
        round.state = State.Scored;
        round.scoresHash = keccak256(abi.encode(scores));
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
    function openOwnBid(Terms calldata terms, uint256 index, uint96 amount, bytes32 salt, uint256[] calldata bitmap)
        external
    {
        // Check: the bidders' time to open, a bid of this round that the operator left out.
        bytes32 roundId = idOf(terms);
        _requireState(roundId, State.Declared);
        _requireBefore(terms.openUntil);
        _requireBitmap(roundId, bitmap);
        require(index < _rounds[roundId].bids, AuctionHouse_BadOpening(roundId, index));
        require(!bitmap.isSet(index), AuctionHouse_AlreadyDeclared(roundId, index));

        // Effect: note the opening; the chain tells at settlement whether it is true.
        address bidder = _msgSender();
        mapping(Submarket => bytes32) storage opening = _ownOpenings[roundId][index][bidder];
        opening[Submarket.Online] = BidChainLibrary.commitmentOf(roundId, bidder, Submarket.Online, amount, salt);
        opening[Submarket.Offline] = BidChainLibrary.commitmentOf(roundId, bidder, Submarket.Offline, amount, salt);
        emit OwnBidOpened(roundId, bidder, index, amount, salt);
    }

    /* ENDING */

    /// @inheritdoc IAuctionHouse
    function settle(Terms calldata terms, Bid[] calldata bids, Score[] calldata scores, uint256[] calldata bitmap) external {
        // Check: the operator's time to settle, with the scores, openings and bids of this round.
        bytes32 roundId = idOf(terms);
        _requireState(roundId, State.Declared);
        _requireOperator(terms);
        _requireFrom(terms.openUntil);
        _requireBefore(terms.settleUntil);
        require(_rounds[roundId].scoresHash == keccak256(abi.encode(scores)), AuctionHouse_ScoresMismatch(roundId));
        _requireBitmap(roundId, bitmap);
        uint256 onlineBids = _requireChain(roundId, bids);
        require(scores.length == onlineBids, AuctionHouse_ScoreCount(scores.length, onlineBids));
        _requireOpenings(roundId, bids, bitmap);

        // Effect: settle the round.
        Result memory result = AuctionSettlementLibrary.outcome(terms, bids, scores);
        _rounds[roundId].state = State.Settled;
        emit RoundSettled(roundId, result, bids);

        // Interaction: credit everybody.
        (address[] memory accounts, uint256[] memory amounts) =
            AuctionSettlementLibrary.payments(terms, bids, result, treasury);
        payouts.creditMany{value: AuctionSettlementLibrary.fundsOf(terms, bids.length, onlineBids)}(accounts, amounts);
    }

    /// @inheritdoc IAuctionHouse
    function refundAll(Terms calldata terms, Bid[] calldata bids) external {
        // Check: the operator missed one of its times; these are the bids of this round.
        bytes32 roundId = idOf(terms);
        State state = _rounds[roundId].state;
        require(_isRefundDue(terms, state), AuctionHouse_RefundNotDue(roundId, state));
        uint256 onlineBids = _requireChain(roundId, bids);

        // Effect: call the round off.
        _rounds[roundId].state = State.Refunded;
        emit RoundRefunded(roundId, _msgSender(), bids.length);

        // Interaction: credit everybody.
        (address[] memory accounts, uint256[] memory amounts) = AuctionSettlementLibrary.refunds(terms, bids);
        payouts.creditMany{value: AuctionSettlementLibrary.fundsOf(terms, bids.length, onlineBids)}(accounts, amounts);
    }

    /* VIEWS */

    /// @inheritdoc IAuctionHouse
    function roundOf(bytes32 roundId) external view returns (State state, uint24 bids, bytes32 head) {
        Round storage round = _rounds[roundId];
        return (round.state, round.bids, round.head);
    }

    /// @inheritdoc IAuctionHouse
    function idOf(Terms calldata terms) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), terms));
    }

    /// @inheritdoc IAuctionHouse
    function commitmentOf(bytes32 roundId, address bidder, Submarket submarket, uint96 amount, bytes32 salt)
        external
        view
        returns (bytes32)
    {
        return BidChainLibrary.commitmentOf(roundId, bidder, submarket, amount, salt);
    }

    /* CHECKS */

    /// @dev Replays the chain and counts its online bids.
    function _requireChain(bytes32 roundId, Bid[] calldata bids) private view returns (uint256 onlineBids) {
        bytes28 head;
        for (uint256 i; i < bids.length; ++i) {
            Bid calldata bid = bids[i];
            head = head.append(i, bid.bidder, bid.submarket, BidChainLibrary.commitmentOf(roundId, bid));
            if (bid.submarket == Submarket.Online) ++onlineBids;
        }
        Round storage round = _rounds[roundId];
        require(head == round.head && bids.length == round.bids, AuctionHouse_ChainMismatch(roundId));
    }

    /// @dev Opened must be exactly what was declared or validly self-opened before `openUntil`. An operator free to open
    /// further bids, or to leave some out, could choose among outcomes once it has seen them all.
    function _requireOpenings(bytes32 roundId, Bid[] calldata bids, uint256[] calldata bitmap) private view {
        for (uint256 i; i < bids.length; ++i) {
            Bid calldata bid = bids[i];
            if (bitmap.isSet(i)) {
                require(bid.opened, AuctionHouse_DeclaredBidNotOpened(roundId, i));
                continue;
            }
            bytes32 ownOpening = _ownOpenings[roundId][i][bid.bidder][bid.submarket];
            bool selfOpened = ownOpening != 0 && ownOpening == BidChainLibrary.commitmentOf(roundId, bid);
            if (bid.opened) {
                require(selfOpened, AuctionHouse_BadOpening(roundId, i));
            } else {
                require(!selfOpened, AuctionHouse_OpenedBidLeftOut(roundId, i));
                require(bid.amount == 0, AuctionHouse_BadOpening(roundId, i));
            }
        }
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
            terms.maximumBids != 0 && terms.maximumBids <= MAXIMUM_BIDS, AuctionHouse_BadTerms("maximumBids")
        );
    }

    function _isRefundDue(Terms calldata terms, State state) private view returns (bool) {
        if (state == State.Open) return block.timestamp >= terms.scoreUntil;
        if (state == State.Scored) return block.timestamp >= terms.declareUntil;
        return state == State.Declared && block.timestamp >= terms.settleUntil;
    }

    function _requireOperator(Terms calldata terms) private view {
        require(_msgSender() == terms.operator, AuctionHouse_NotOperator(_msgSender(), terms.operator));
    }

    function _requireState(bytes32 roundId, State required) private view {
        State state = _rounds[roundId].state;
        require(state == required, AuctionHouse_WrongState(roundId, state, required));
    }

    function _requireBitmap(bytes32 roundId, uint256[] calldata bitmap) private view {
        require(_rounds[roundId].bitmapHash == keccak256(abi.encode(bitmap)), AuctionHouse_BitmapMismatch(roundId));
    }

    function _requireBefore(uint40 limit) private view {
        require(block.timestamp < limit, AuctionHouse_TooLate(limit, block.timestamp));
    }

    function _requireFrom(uint40 limit) private view {
        require(block.timestamp >= limit, AuctionHouse_TooEarly(limit, block.timestamp));
    }

    function _requireValue(uint256 required) private view {
        require(msg.value == required, AuctionHouse_ValueMismatch(msg.value, required));
    }
}
