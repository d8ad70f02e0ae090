// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IArbitrable} from "./IArbitrable.sol";
import {IArbitrator} from "./IArbitrator.sol";

/// @title IArbitratorPanel
/// @notice The consortium's auditors rule on appeals: every active one may vote, the majority rules if there is a quorum.
/// @dev Votes count only when the time for them is over, so that no minority rules by being first. Who voted is paid, however
/// it voted; what nobody earned returns to the appellant.
///
///     requested              3/4                 ruleBy
///      |------ vote ----------|----- conclude ----|--- conclude, without effect on the verdict --->
interface IArbitratorPanel is IArbitrator {
    /// @notice A dispute, all zero if nobody asked.
    /// @param appellant Who paid.
    /// @param voteBy First second in which no vote is accepted.
    /// @param upheldVotes Votes for upholding.
    /// @param rejectedVotes Votes for rejecting.
    /// @param isConcluded Whether the votes were counted.
    /// @param respondent The other party.
    /// @param ruleBy First second in which a ruling comes too late.
    struct Dispute {
        address appellant;
        uint40 voteBy;
        uint16 upheldVotes;
        uint16 rejectedVotes;
        bool isConcluded;
        address respondent;
        uint40 ruleBy;
    }

    event RulingRequested(
        address indexed arbitrable,
        bytes32 indexed disputeId,
        address appellant,
        address respondent,
        uint256 price,
        uint40 voteBy,
        uint40 ruleBy
    );
    event VoteCast(
        address indexed arbitrable, bytes32 indexed disputeId, address indexed auditor, IArbitrable.Ruling ruling
    );
    event DisputeConcluded(
        address indexed arbitrable, bytes32 indexed disputeId, IArbitrable.Ruling ruling, uint256 share, uint256 returned
    );
    event ShareCollected(address indexed arbitrable, bytes32 indexed disputeId, address indexed auditor, uint256 share);

    error ArbitratorPanel_BadQuorum(uint16 quorum);
    error ArbitratorPanel_WrongPrice(uint256 sent, uint256 required);
    error ArbitratorPanel_AlreadyRequested(bytes32 disputeId);
    error ArbitratorPanel_NoTimeToVote(uint40 ruleBy, uint256 blockTimestamp);
    error ArbitratorPanel_NotRequested(bytes32 disputeId);
    error ArbitratorPanel_OwnCause(address auditor);
    error ArbitratorPanel_AlreadyVoted(address auditor, bytes32 disputeId);
    error ArbitratorPanel_EmptyVote(bytes32 disputeId);
    error ArbitratorPanel_VotingOver(uint40 voteBy, uint256 blockTimestamp);
    error ArbitratorPanel_VotingOpen(uint40 voteBy, uint256 blockTimestamp);
    error ArbitratorPanel_AlreadyConcluded(bytes32 disputeId);
    error ArbitratorPanel_NothingToCollect(address auditor, bytes32 disputeId);

    /// @notice Votes on a dispute of the contract that asked.
    /// @dev Requirements: caller is an active auditor and no party; it has not voted; the time for votes is not over; the
    /// ruling is not {IArbitrable.Ruling.None}.
    function vote(address arbitrable, bytes32 disputeId, IArbitrable.Ruling ruling) external;

    /// @notice Counts the votes and gives the ruling: the majority's, with a quorum and in time; else none. By anyone, once.
    /// @dev Fixes the voters' equal shares, rounded down; the remainder, or all where nobody voted, returns to the appellant.
    function conclude(address arbitrable, bytes32 disputeId) external;

    /// @notice Pays an auditor its share of a concluded dispute; by anyone, once.
    function collect(address arbitrable, bytes32 disputeId, address auditor) external;

    /// @notice Price of a ruling in wei.
    function price() external view returns (uint256);

    /// @notice Least number of votes that rule.
    function quorum() external view returns (uint16);

    /// @notice A dispute as it stands.
    function disputeOf(address arbitrable, bytes32 disputeId) external view returns (Dispute memory);

    /// @notice Whether an auditor has a vote on a dispute that it was not paid for yet.
    function hasVote(address arbitrable, bytes32 disputeId, address auditor) external view returns (bool);
}
