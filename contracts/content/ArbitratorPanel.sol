// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberContext} from "../identity/MemberContext.sol";
import {Roles} from "../identity/Roles.sol";
import {IPayouts} from "../payments/IPayouts.sol";
import {Payments} from "../payments/Payments.sol";
import {IArbitrable} from "./IArbitrable.sol";
import {IArbitrator} from "./IArbitrator.sol";
import {IArbitratorPanel} from "./IArbitratorPanel.sol";

/// @title ArbitratorPanel
/// @notice The consortium's auditors as an arbitrator.
/// @dev Whoever asks is a contract of its own choice; a dispute is of that contract, and so is what its callback does.
contract ArbitratorPanel is IArbitratorPanel, MemberContext {
    using Payments for IPayouts;

    /// @notice Takes credits for parties that do not accept a payment.
    IPayouts public immutable payouts;
    /// @inheritdoc IArbitratorPanel
    uint256 public immutable price;
    /// @inheritdoc IArbitratorPanel
    uint16 public immutable quorum;

    mapping(address arbitrable => mapping(bytes32 disputeId => Dispute dispute)) private _disputes;
    mapping(address arbitrable => mapping(bytes32 disputeId => mapping(address auditor => IArbitrable.Ruling vote))) private
        _votes;
    /// @dev Apart from the votes, so that who was paid cannot vote again.
    mapping(address arbitrable => mapping(bytes32 disputeId => mapping(address auditor => bool isPaid))) private _isPaid;

    constructor(address membership_, address forwarder, address payouts_, uint256 price_, uint16 quorum_)
        MemberContext(membership_, forwarder)
    {
        if (quorum_ == 0) revert ArbitratorPanel_BadQuorum(quorum_);
        payouts = IPayouts(payouts_);
        price = price_;
        quorum = quorum_;
    }

    /// @inheritdoc IArbitrator
    function requestRuling(bytes32 disputeId, address appellant, address respondent, uint40 ruleBy) external payable {
        // Check: the price, once, with time left to vote and to conclude.
        if (msg.value != price) revert ArbitratorPanel_WrongPrice(msg.value, price);
        Dispute storage dispute = _disputes[msg.sender][disputeId];
        if (dispute.voteBy != 0) revert ArbitratorPanel_AlreadyRequested(disputeId);
        uint40 voteBy = _votingEnd(ruleBy);

        // Effect: the vote is open.
        (dispute.appellant, dispute.voteBy) = (appellant, voteBy);
        (dispute.respondent, dispute.ruleBy) = (respondent, ruleBy);
        emit RulingRequested(msg.sender, disputeId, appellant, respondent, msg.value, voteBy, ruleBy);
    }

    /// @inheritdoc IArbitratorPanel
    function vote(address arbitrable, bytes32 disputeId, IArbitrable.Ruling ruling) external {
        // Check: an auditor in nobody's cause but its own conscience's, once, in time.
        _requireRole(Roles.AUDITOR);
        address auditor = _msgSender();
        Dispute storage dispute = _requested(arbitrable, disputeId);
        if (block.timestamp >= dispute.voteBy) revert ArbitratorPanel_VotingOver(dispute.voteBy, block.timestamp);
        if (auditor == dispute.appellant || auditor == dispute.respondent) revert ArbitratorPanel_OwnCause(auditor);
        if (ruling == IArbitrable.Ruling.None) revert ArbitratorPanel_EmptyVote(disputeId);
        if (_votes[arbitrable][disputeId][auditor] != IArbitrable.Ruling.None) {
            revert ArbitratorPanel_AlreadyVoted(auditor, disputeId);
        }

        // Effect: count it.
        _votes[arbitrable][disputeId][auditor] = ruling;
        if (ruling == IArbitrable.Ruling.Upheld) ++dispute.upheldVotes;
        else ++dispute.rejectedVotes;
        emit VoteCast(arbitrable, disputeId, auditor, ruling);
    }

    /// @inheritdoc IArbitratorPanel
    function conclude(address arbitrable, bytes32 disputeId) external {
        // Check: nobody votes any more.
        Dispute storage dispute = _requested(arbitrable, disputeId);
        if (block.timestamp < dispute.voteBy) revert ArbitratorPanel_VotingOpen(dispute.voteBy, block.timestamp);
        if (dispute.isConcluded) revert ArbitratorPanel_AlreadyConcluded(disputeId);

        // Effect: the ruling and the shares stand.
        dispute.isConcluded = true;
        IArbitrable.Ruling ruling = _rulingOf(dispute);
        uint256 share = _shareOf(dispute);
        uint256 returned = price - share * _votesOn(dispute);
        emit DisputeConcluded(arbitrable, disputeId, ruling, share, returned);

        // Interaction: what nobody earned, and the ruling where there is one.
        _pay(dispute.appellant, returned);
        if (ruling != IArbitrable.Ruling.None) IArbitrable(arbitrable).rule(disputeId, ruling);
    }

    /// @inheritdoc IArbitratorPanel
    function collect(address arbitrable, bytes32 disputeId, address auditor) external {
        // Check: it voted, the votes were counted, and it was not paid yet.
        Dispute storage dispute = _requested(arbitrable, disputeId);
        if (!dispute.isConcluded || !hasVote(arbitrable, disputeId, auditor)) {
            revert ArbitratorPanel_NothingToCollect(auditor, disputeId);
        }

        // Effect: once.
        _isPaid[arbitrable][disputeId][auditor] = true;
        uint256 share = _shareOf(dispute);
        emit ShareCollected(arbitrable, disputeId, auditor, share);

        // Interaction: pay it.
        _pay(auditor, share);
    }

    /// @inheritdoc IArbitrator
    function cost(bytes32) external view returns (uint256) {
        return price;
    }

    /// @inheritdoc IArbitratorPanel
    function disputeOf(address arbitrable, bytes32 disputeId) external view returns (Dispute memory) {
        return _disputes[arbitrable][disputeId];
    }

    /// @inheritdoc IArbitratorPanel
    function hasVote(address arbitrable, bytes32 disputeId, address auditor) public view returns (bool) {
        return _votes[arbitrable][disputeId][auditor] != IArbitrable.Ruling.None
            && !_isPaid[arbitrable][disputeId][auditor];
    }

    function _pay(address to, uint256 amount) private {
        if (to == _msgSender()) Payments.payCaller(to, amount);
        else payouts.payOrCredit(to, amount);
    }

    function _requested(address arbitrable, bytes32 disputeId) private view returns (Dispute storage dispute) {
        dispute = _disputes[arbitrable][disputeId];
        if (dispute.voteBy == 0) revert ArbitratorPanel_NotRequested(disputeId);
    }

    /// @dev Three quarters of the time are for votes, the last one for whoever concludes.
    function _votingEnd(uint40 ruleBy) private view returns (uint40 voteBy) {
        // Safe casts: 40 bits of seconds last for 34,000 years, and the end is not after `ruleBy`.
        uint256 time = ruleBy > block.timestamp ? ruleBy - block.timestamp : 0;
        voteBy = uint40(block.timestamp + 3 * time / 4);
        if (voteBy == uint40(block.timestamp)) revert ArbitratorPanel_NoTimeToVote(ruleBy, block.timestamp);
    }

    function _rulingOf(Dispute storage dispute) private view returns (IArbitrable.Ruling) {
        (uint256 upheld, uint256 rejected) = (dispute.upheldVotes, dispute.rejectedVotes);
        bool rules = upheld + rejected >= quorum && upheld != rejected && block.timestamp < dispute.ruleBy;
        if (!rules) return IArbitrable.Ruling.None;
        return upheld > rejected ? IArbitrable.Ruling.Upheld : IArbitrable.Ruling.Rejected;
    }

    function _shareOf(Dispute storage dispute) private view returns (uint256) {
        uint256 votes = _votesOn(dispute);
        return votes == 0 ? 0 : price / votes;
    }

    function _votesOn(Dispute storage dispute) private view returns (uint256) {
        return uint256(dispute.upheldVotes) + dispute.rejectedVotes;
    }
}
