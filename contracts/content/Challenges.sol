// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberContext} from "../identity/MemberContext.sol";
import {IPayouts} from "../payments/IPayouts.sol";
import {Payments} from "../payments/Payments.sol";
import {ChallengeDocketLibrary} from "./ChallengeDocketLibrary.sol";
import {ChallengeLanesLibrary} from "./ChallengeLanesLibrary.sol";
import {ChallengeRules} from "./ChallengeRules.sol";
import {IArbitrable} from "./IArbitrable.sol";
import {IArbitrator} from "./IArbitrator.sol";
import {IChallenges} from "./IChallenges.sol";
import {IProofOfAIGC} from "./IProofOfAIGC.sol";

/// @title Challenges
/// @notice Decides on near-copies by the distance of fingerprints.
/// @dev Every open challenge holds exactly its deposit here, and where it is contested a bond of the same amount; both follow
/// from the rejections that its docket counts. A zero treasury burns what is forfeited.
contract Challenges is ChallengeRules, IArbitrable, MemberContext {
    using Payments for IPayouts;
    using ChallengeDocketLibrary for Docket;
    using ChallengeDocketLibrary for uint256;
    using ChallengeLanesLibrary for uint256;

    /// @dev What the arbitrator is asked for and has answered.
    struct Dispute {
        uint40 ruleBy;
        Ruling ruling;
    }

    /// @inheritdoc IChallenges
    uint256 public constant MAXIMUM_OPEN = ChallengeLanesLibrary.LANES;
    uint256 private constant MAXIMUM_URI_LENGTH = 256;

    /// @notice Takes credits for parties that do not accept a payment.
    IPayouts public immutable payouts;
    /// @notice Rules on appeals; zero where there are none.
    IArbitrator public immutable arbitrator;
    /// @notice Receives what is forfeited.
    address public immutable treasury;

    mapping(uint256 duplicateTokenId => mapping(address challenger => uint256 docket)) private _dockets;
    mapping(uint256 duplicateTokenId => uint256 lanes) private _lanes;
    mapping(bytes32 challengeId => Dispute dispute) private _disputes;

    constructor(
        address registry_,
        address membership_,
        address payouts_,
        address forwarder,
        address treasury_,
        address arbitrator_,
        Rules memory rules,
        uint32[] memory schemes,
        uint256[] memory maximumDistances
    ) ChallengeRules(registry_, rules, schemes, maximumDistances) MemberContext(membership_, forwarder) {
        payouts = IPayouts(payouts_);
        arbitrator = IArbitrator(arbitrator_);
        treasury = treasury_;
    }

    /* THE PARTIES */

    /// @inheritdoc IChallenges
    function open(uint256 originalTokenId, uint256 duplicateTokenId) external payable returns (bytes32 challengeId) {
        // Check: a member with a right to the original, which has no other challenge open here, pledges the deposit.
        _requireActive();
        address challenger = _msgSender();
        if (originalTokenId == duplicateTokenId) revert Challenges_SameToken(originalTokenId);
        if (challenger != _ownerOf(originalTokenId) && challenger != registry.creatorOf(originalTokenId)) {
            revert Challenges_NotCreatorOrOwner(challenger, originalTokenId);
        }
        Docket memory docket = _dockets[duplicateTokenId][challenger].unpack();
        if (_isOpen(docket.state)) revert Challenges_AlreadyOpen(duplicateTokenId, challenger);
        uint256 required = _depositAfter(docket.rejections);
        if (msg.value != required) revert Challenges_WrongDeposit(msg.value, required);

        // Effect: a new attempt stands in a lane of its own. The accused is who owns it now, whatever an exchange does.
        Terms memory terms = Terms({
            originalTokenId: originalTokenId,
            duplicateTokenId: duplicateTokenId,
            challenger: challenger,
            accused: _ownerOf(duplicateTokenId),
            attempt: ++docket.attempts
        });
        challengeId = _idOf(terms);
        bool isFirst;
        (docket.lane, isFirst) = _takeLane(duplicateTokenId);
        docket.deadline = _after(answerWindow);
        docket.digest = bytes20(challengeId);
        (docket.state, docket.contested, docket.upheld) = (State.Open, false, false);
        _dockets[duplicateTokenId][challenger] = docket.pack();
        emit ChallengeOpened(
            challengeId,
            challenger,
            originalTokenId,
            duplicateTokenId,
            terms.accused,
            terms.attempt,
            required,
            docket.deadline
        );

        // Interaction: freeze the duplicate, which the register refuses when it is removed.
        if (isFirst) registry.freezeForChallenge(duplicateTokenId);
    }

    /// @inheritdoc IChallenges
    function concede(Terms calldata terms) external {
        // Check: the accused, while the copy is still its own, in time.
        (bytes32 challengeId, Docket memory docket) = _answerable(terms);
        if (_ownerOf(terms.duplicateTokenId) != terms.accused) {
            revert Challenges_NoLongerOwner(terms.accused, terms.duplicateTokenId);
        }

        // Effect and interaction: as if upheld, at nobody's cost.
        _end(terms, challengeId, docket, State.Conceded, false);
    }

    /// @inheritdoc IChallenges
    function contest(Terms calldata terms, bytes32 evidenceHash, string calldata evidenceUri) external payable {
        // Check: the accused, in time, with the bond.
        (bytes32 challengeId, Docket memory docket) = _answerable(terms);
        uint256 required = _depositAfter(docket.rejections);
        if (msg.value != required) revert Challenges_WrongDeposit(msg.value, required);

        // Effect: the verdict need not wait for the window any more.
        (docket.state, docket.contested) = (State.Contested, true);
        _store(terms, docket);
        emit ChallengeContested(challengeId, terms.accused, required);
        _emitEvidence(challengeId, evidenceHash, evidenceUri);
    }

    /// @inheritdoc IChallenges
    function submitEvidence(Terms calldata terms, bytes32 evidenceHash, string calldata evidenceUri) external {
        // Check: a party of an open challenge.
        (bytes32 challengeId,) = _load(terms);
        _requireParty(terms, challengeId);

        // Effect: tell everybody.
        _emitEvidence(challengeId, evidenceHash, evidenceUri);
    }

    /// @inheritdoc IChallenges
    function appeal(Terms calldata terms) external payable {
        // Check: a party, against a verdict that is not final, at the arbitrator's price.
        if (address(arbitrator) == address(0)) revert Challenges_NoArbitrator();
        (bytes32 challengeId, Docket memory docket) = _load(terms);
        _requireParty(terms, challengeId);
        if (docket.state != State.Decided) revert Challenges_WrongState(challengeId, docket.state);
        if (block.timestamp >= docket.deadline) revert Challenges_AlreadyFinal(docket.deadline, block.timestamp);
        _requireNotRemoved(terms.duplicateTokenId);
        uint256 cost = arbitrator.cost(challengeId);
        if (msg.value != cost) revert Challenges_WrongCost(msg.value, cost);

        // Effect: the verdict waits for a ruling, for a bounded time.
        (docket.state, docket.deadline) = (State.Appealed, _after(rulingPeriod));
        _store(terms, docket);
        _disputes[challengeId].ruleBy = docket.deadline;
        emit ChallengeAppealed(challengeId, _msgSender(), cost, docket.deadline);

        // Interaction: ask for it.
        address other = _msgSender() == terms.challenger ? terms.accused : terms.challenger;
        arbitrator.requestRuling{value: cost}(challengeId, _msgSender(), other, docket.deadline);
    }

    /* THE VERDICT */

    /// @inheritdoc IChallenges
    function decide(Terms calldata terms, IProofOfAIGC.Record calldata original, IProofOfAIGC.Record calldata duplicate)
        external
    {
        // Check: the owner has answered or had the time to, and the records are those of the register.
        (bytes32 challengeId, Docket memory docket) = _load(terms);
        if (docket.state != State.Contested) {
            if (docket.state != State.Open) revert Challenges_WrongState(challengeId, docket.state);
            if (block.timestamp < docket.deadline) revert Challenges_AnswerWindowOpen(docket.deadline, block.timestamp);
        }
        _requireNotRemoved(terms.duplicateTokenId);
        _requireRecord(original, terms.originalTokenId);
        _requireRecord(duplicate, terms.duplicateTokenId);

        // Effect: the provisional verdict, and the original's priority among those of other challengers.
        bool originalStands = original.committedBlock < duplicate.committedBlock
            && !registry.statusOf(terms.originalTokenId).removed;
        (uint256 distance, uint256 maximumDistance) = _measure(original.receipt, duplicate.receipt);
        docket.upheld = originalStands && maximumDistance != 0 && distance <= maximumDistance;
        (docket.state, docket.deadline) = (State.Decided, _after(finalityPeriod));
        _store(terms, docket);
        uint256 lanes = _lanes[terms.duplicateTokenId];
        _lanes[terms.duplicateTokenId] = lanes.decide(docket.lane, original.committedBlock, docket.upheld);
        emit ChallengeDecided(
            challengeId, docket.upheld, distance, maximumDistance, originalStands, docket.deadline
        );
    }

    /// @inheritdoc IArbitrable
    function rule(bytes32 disputeId, Ruling ruling) external {
        // Check: the arbitrator, in time, once.
        if (_msgSender() != address(arbitrator)) revert Challenges_NotArbitrator(_msgSender());
        Dispute storage dispute = _disputes[disputeId];
        uint40 ruleBy = dispute.ruleBy;
        if (ruleBy == 0) revert Challenges_NotAppealed(disputeId);
        if (dispute.ruling != Ruling.None) revert Challenges_AlreadyRuled(disputeId);
        if (block.timestamp >= ruleBy) revert Challenges_RulingTooLate(ruleBy, block.timestamp);
        if (ruling == Ruling.None) revert Challenges_EmptyRuling(disputeId);

        // Effect: note it for {finalise}.
        dispute.ruling = ruling;
        emit ChallengeRuled(disputeId, ruling == Ruling.Upheld);
    }

    /// @inheritdoc IChallenges
    function finalise(Terms calldata terms) external {
        // Check: the token is gone already, or the verdict is final and no earlier original's is pending.
        (bytes32 challengeId, Docket memory docket) = _load(terms);
        bool isRemoved = registry.statusOf(terms.duplicateTokenId).removed;
        Ruling ruling = _disputes[challengeId].ruling;
        bool upheld = ruling == Ruling.None ? docket.upheld : ruling == Ruling.Upheld;
        if (!isRemoved) {
            if (docket.state != State.Decided && docket.state != State.Appealed) {
                revert Challenges_WrongState(challengeId, docket.state);
            }
            if (ruling == Ruling.None && block.timestamp < docket.deadline) {
                revert Challenges_NotFinal(docket.deadline, block.timestamp);
            }
            if (upheld) _requireEarliest(terms.duplicateTokenId, docket.lane);
        }

        // Effect and interaction: the token and the amounts.
        State ending = upheld ? State.Upheld : isRemoved ? State.Closed : State.Rejected;
        _end(terms, challengeId, docket, ending, isRemoved);
    }

    /* VIEWS */

    /// @inheritdoc IChallenges
    function depositOf(uint256 duplicateTokenId, address challenger) external view returns (uint256) {
        return _depositAfter(_dockets[duplicateTokenId][challenger].unpack().rejections);
    }

    /// @inheritdoc IChallenges
    function docketOf(uint256 duplicateTokenId, address challenger) external view returns (Docket memory) {
        return _dockets[duplicateTokenId][challenger].unpack();
    }

    /// @inheritdoc IChallenges
    function stateOf(Terms calldata terms) external view returns (State) {
        Docket memory docket = _dockets[terms.duplicateTokenId][terms.challenger].unpack();
        return docket.digest == bytes20(_idOf(terms)) ? docket.state : State.None;
    }

    /// @inheritdoc IChallenges
    function openAgainst(uint256 duplicateTokenId) external view returns (uint256) {
        if (!registry.statusOf(duplicateTokenId).challenged) return 0;
        return _lanes[duplicateTokenId].count();
    }

    /// @inheritdoc IChallenges
    function idOf(Terms calldata terms) external view returns (bytes32) {
        return _idOf(terms);
    }

    /* INTERNAL */

    /// @dev Ends a challenge: its docket, its lane, the token unless it is removed already, the amounts.
    function _end(Terms calldata terms, bytes32 challengeId, Docket memory docket, State ending, bool isRemoved) private {
        // Effect: closed for good. A full count of rejections stays full, as the deposit is at its maximum by then.
        uint256 stake = _depositAfter(docket.rejections);
        uint256 bond = docket.contested ? stake : 0;
        if (ending == State.Rejected && docket.rejections != type(uint8).max) ++docket.rejections;
        docket.state = ending;
        _store(terms, docket);
        bool othersOpen;
        if (ending == State.Rejected) {
            uint256 lanes;
            (lanes, othersOpen) = _lanes[terms.duplicateTokenId].release(docket.lane);
            _lanes[terms.duplicateTokenId] = othersOpen ? lanes : 0;
        } else if (!isRemoved) {
            delete _lanes[terms.duplicateTokenId];
        }
        (uint256 toChallenger, uint256 toAccused, uint256 toTreasury) = _shares(ending, stake, bond);
        emit ChallengeEnded(challengeId, terms.duplicateTokenId, ending, toChallenger, toAccused, toTreasury);

        // Interaction: the token is removed, or free once nobody else challenges it; then the amounts.
        if (!isRemoved && !othersOpen) registry.endChallenge(terms.duplicateTokenId, ending != State.Rejected);
        _pay(terms.challenger, toChallenger);
        _pay(terms.accused, toAccused);
        _pay(treasury, toTreasury);
    }

    function _store(Terms calldata terms, Docket memory docket) private {
        _dockets[terms.duplicateTokenId][terms.challenger] = docket.pack();
    }

    /// @dev A lone challenge needs no word of lanes: see {ChallengeLanesLibrary}.
    function _takeLane(uint256 duplicateTokenId) private returns (uint8 lane, bool isFirst) {
        isFirst = !registry.statusOf(duplicateTokenId).challenged;
        if (isFirst) return (0, true);
        uint256 lanes;
        (lanes, lane) = _lanes[duplicateTokenId].take();
        if (lane == MAXIMUM_OPEN) revert Challenges_TooManyOpen(duplicateTokenId, MAXIMUM_OPEN);
        _lanes[duplicateTokenId] = lanes;
    }

    function _pay(address to, uint256 amount) private {
        if (to == _msgSender()) Payments.payCaller(to, amount);
        else payouts.payOrCredit(to, amount);
    }

    function _emitEvidence(bytes32 challengeId, bytes32 evidenceHash, string calldata evidenceUri) private {
        uint256 length = bytes(evidenceUri).length;
        if (length > MAXIMUM_URI_LENGTH) revert Challenges_UriTooLong(length, MAXIMUM_URI_LENGTH);
        emit EvidenceSubmitted(challengeId, _msgSender(), evidenceHash, evidenceUri);
    }

    /// @dev The challenge of the terms, which must not have ended.
    function _load(Terms calldata terms) private view returns (bytes32 challengeId, Docket memory docket) {
        challengeId = _idOf(terms);
        docket = _dockets[terms.duplicateTokenId][terms.challenger].unpack();
        if (docket.digest != bytes20(challengeId)) revert Challenges_WrongState(challengeId, State.None);
        if (!_isOpen(docket.state)) revert Challenges_WrongState(challengeId, docket.state);
    }

    /// @dev The challenge of the terms, which the caller may answer.
    function _answerable(Terms calldata terms) private view returns (bytes32 challengeId, Docket memory docket) {
        (challengeId, docket) = _load(terms);
        if (_msgSender() != terms.accused) revert Challenges_NotAccused(_msgSender(), terms.accused);
        if (docket.state != State.Open) revert Challenges_WrongState(challengeId, docket.state);
        if (block.timestamp >= docket.deadline) revert Challenges_AnswerWindowOver(docket.deadline, block.timestamp);
        _requireNotRemoved(terms.duplicateTokenId);
    }

    function _requireParty(Terms calldata terms, bytes32 challengeId) private view {
        if (_msgSender() != terms.challenger && _msgSender() != terms.accused) {
            revert Challenges_NotParty(_msgSender(), challengeId);
        }
    }

    function _requireEarliest(uint256 duplicateTokenId, uint8 lane) private view {
        uint256 lanes = _lanes[duplicateTokenId];
        (uint40 priority, uint40 earliest) = (lanes.priorityOf(lane), lanes.earliestUpheld());
        if (earliest < priority) revert Challenges_EarlierOriginalPending(priority, earliest);
    }

    function _idOf(Terms memory terms) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), terms));
    }
}
