// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProofOfAIGC} from "./IProofOfAIGC.sol";

/// @title IChallenges
/// @notice Removes near-copies from the register. A challenger pledges a deposit; the accused owner answers first; the
/// contract measures the distance of the two stored fingerprints; its verdict becomes final unless somebody appeals.
/// @dev The life of a challenge:
///
///     None --open--> Open --concede--> Conceded
///     Open --contest, with a bond--> Contested
///     Open, the answer window over, or Contested --decide--> Decided
///     Decided --appeal, within the finality period--> Appealed
///     Decided, its period over, or Appealed, ruled or its time over --finalise--> Upheld or Rejected
///     any open one whose token another challenge removed --finalise--> Closed (Upheld where that verdict stood)
///
/// Up to {MAXIMUM_OPEN} challengers stand against one token at a time, each with one challenge, so that an accomplice
/// cannot take the only place; all that is stored and paid is of the pair of token and challenger. The token is frozen
/// while any is open. Evidence is in events, bound to the challenge's id. Leaving the consortium bars nobody from
/// answering, appealing or being paid. Whoever called is paid directly; others by a send with little gas, or where they do
/// not accept it by a credit in Payouts.
interface IChallenges {
    enum State {
        None,
        Open,
        Contested,
        Decided,
        Appealed,
        Conceded,
        Upheld,
        Rejected,
        Closed
    }

    /// @notice What a challenge is about; its hash is its id, and callers pass it back.
    /// @param originalTokenId The work that was copied.
    /// @param duplicateTokenId The presumed copy.
    /// @param challenger Who pledged the deposit.
    /// @param accused Who owned the presumed copy when the challenge was opened, whatever an exchange does with it.
    /// @param attempt Number of this challenger's challenges against this token, from 1.
    struct Terms {
        uint256 originalTokenId;
        uint256 duplicateTokenId;
        address challenger;
        address accused;
        uint256 attempt;
    }

    /// @notice What is stored of a challenger's matter against a token: its present challenge, and how often it was wrong.
    /// @param state State of the present or last challenge.
    /// @param contested Whether the accused pledged a bond, equal to the deposit.
    /// @param upheld The provisional verdict, once decided.
    /// @param lane Place among the open challenges of the token.
    /// @param rejections Challenges of this challenger against this token that were rejected, at most 255.
    /// @param attempts Challenges of this challenger against this token.
    /// @param deadline First second after the answer window, the finality period or the time for a ruling.
    /// @param digest First 20 bytes of the challenge's id, as strong as an address.
    struct Docket {
        State state;
        bool contested;
        bool upheld;
        uint8 lane;
        uint8 rejections;
        uint16 attempts;
        uint40 deadline;
        bytes20 digest;
    }

    /// @notice Amounts and times, fixed at deployment.
    /// @param deposit Deposit of a first challenge, wei.
    /// @param maximumDeposit Where the deposit stops growing, wei.
    /// @param answerWindow Seconds in which the accused may concede or contest.
    /// @param finalityPeriod Seconds in which a verdict may be appealed; without an appeal it is final afterwards.
    /// @param rulingPeriod Seconds that the arbitrator has; without a ruling the provisional verdict stands afterwards.
    /// @param minimumPeriod Least of each of the three.
    /// @param maximumPeriod Most of each of the three.
    struct Rules {
        uint96 deposit;
        uint96 maximumDeposit;
        uint40 answerWindow;
        uint40 finalityPeriod;
        uint40 rulingPeriod;
        uint40 minimumPeriod;
        uint40 maximumPeriod;
    }

    event ChallengeOpened(
        bytes32 indexed challengeId,
        address indexed challenger,
        uint256 originalTokenId,
        uint256 duplicateTokenId,
        address accused,
        uint256 attempt,
        uint256 deposit,
        uint40 answerBy
    );
    event ChallengeContested(bytes32 indexed challengeId, address indexed accused, uint256 bond);
    event EvidenceSubmitted(
        bytes32 indexed challengeId, address indexed party, bytes32 evidenceHash, string evidenceUri
    );
    event ChallengeDecided(
        bytes32 indexed challengeId,
        bool upheld,
        uint256 distance,
        uint256 maximumDistance,
        bool originalStands,
        uint40 finalAt
    );
    event ChallengeAppealed(bytes32 indexed challengeId, address indexed appellant, uint256 cost, uint40 ruleBy);
    event ChallengeRuled(bytes32 indexed challengeId, bool upheld);
    event ChallengeEnded(
        bytes32 indexed challengeId,
        uint256 indexed duplicateTokenId,
        State state,
        uint256 paidToChallenger,
        uint256 paidToAccused,
        uint256 paidToTreasury
    );

    error Challenges_WrongDeposit(uint256 sent, uint256 required);
    error Challenges_WrongCost(uint256 sent, uint256 required);
    error Challenges_SameToken(uint256 tokenId);
    error Challenges_NotCreatorOrOwner(address caller, uint256 originalTokenId);
    error Challenges_AlreadyOpen(uint256 duplicateTokenId, address challenger);
    error Challenges_TooManyOpen(uint256 duplicateTokenId, uint256 maximum);
    error Challenges_WrongState(bytes32 challengeId, State state);
    error Challenges_NotAccused(address caller, address accused);
    error Challenges_NotParty(address caller, bytes32 challengeId);
    error Challenges_NoLongerOwner(address accused, uint256 duplicateTokenId);
    error Challenges_AnswerWindowOver(uint40 answerBy, uint256 blockTimestamp);
    error Challenges_AnswerWindowOpen(uint40 answerBy, uint256 blockTimestamp);
    error Challenges_AlreadyFinal(uint40 finalAt, uint256 blockTimestamp);
    error Challenges_NotFinal(uint40 finalAt, uint256 blockTimestamp);
    error Challenges_DuplicateRemoved(uint256 duplicateTokenId);
    error Challenges_RecordOfOtherToken(uint256 tokenId, uint256 expected);
    error Challenges_EarlierOriginalPending(uint40 priority, uint40 earlierPriority);
    error Challenges_UriTooLong(uint256 length, uint256 maximum);
    error Challenges_NoArbitrator();
    error Challenges_NotArbitrator(address caller);
    error Challenges_NotAppealed(bytes32 challengeId);
    error Challenges_AlreadyRuled(bytes32 challengeId);
    error Challenges_RulingTooLate(uint40 ruleBy, uint256 blockTimestamp);
    error Challenges_EmptyRuling(bytes32 challengeId);
    error Challenges_LengthMismatch(uint256 schemes, uint256 maximumDistances);
    error Challenges_BadThreshold(uint32 fingerprintScheme, uint256 maximumDistance);
    error Challenges_BadDeposit(uint256 deposit, uint256 maximumDeposit);
    error Challenges_PeriodOutOfRange(uint40 period, uint40 minimumPeriod, uint40 maximumPeriod);

    /// @notice Takes the deposit, freezes the presumed copy and starts the answer window.
    /// @dev Requirements: caller is an active member and creator or owner of the original; the duplicate is registered and
    /// not removed; no open challenge of the caller against it, and fewer than {MAXIMUM_OPEN} of others; value equals
    /// {depositOf}. Whether the original is the earlier one and the fingerprints compare is part of the verdict.
    function open(uint256 originalTokenId, uint256 duplicateTokenId) external payable returns (bytes32 challengeId);

    /// @notice The accused gives the copy up: the registration is removed at once and the deposit returns.
    /// @dev Requirements: caller is the accused and still owns the duplicate; the challenge is open and within its window.
    function concede(Terms calldata terms) external;

    /// @notice The accused denies, with a statement and a bond equal to the deposit; a verdict may follow at once.
    /// @dev Requirements: caller is the accused; the challenge is open and within its window; uri at most 256 bytes.
    function contest(Terms calldata terms, bytes32 evidenceHash, string calldata evidenceUri) external payable;

    /// @notice Adds a statement of either party, for whoever rules on an appeal.
    /// @dev Requirements: caller is challenger or accused; the challenge has not ended; uri at most 256 bytes.
    function submitEvidence(Terms calldata terms, bytes32 evidenceHash, string calldata evidenceUri) external;

    /// @notice Measures the Hamming distance of the two fingerprints and gives the provisional verdict; by anyone.
    /// @dev Upheld when the original was committed in a strictly earlier block and is not removed itself, both are of one
    /// scheme with a threshold, and the distance is within it. Requirements: contested, or the answer window is over; both
    /// records match the register; the duplicate is not removed.
    function decide(Terms calldata terms, IProofOfAIGC.Record calldata original, IProofOfAIGC.Record calldata duplicate)
        external;

    /// @notice Asks the arbitrator to overrule the provisional verdict; once.
    /// @dev Requirements: there is an arbitrator; caller is challenger or accused; decided and within the finality period;
    /// value equals the arbitrator's cost, which is not returned; the duplicate is not removed.
    function appeal(Terms calldata terms) external payable;

    /// @notice Ends a challenge whose verdict is final, or whose token another challenge removed; by anyone.
    /// @dev Upheld: the duplicate is removed, the deposit returns with half of the bond, the treasury gets the rest of it.
    /// Rejected: the bond returns with half of the deposit, the treasury gets the rest of it, so that neither
    /// challenging nor contesting against oneself is free; the next deposit doubles; the token is free once no other is
    /// open. Closed: all amounts return, save for the bond where the challenge stood upheld.
    /// Requirements: as the error names say; while another's verdict of an earlier original is upheld and not yet final, a
    /// challenge that is upheld waits for it.
    function finalise(Terms calldata terms) external;

    /// @notice Most challenges that are open against one token at a time.
    function MAXIMUM_OPEN() external view returns (uint256);

    /// @notice Deposit of a first challenge, wei.
    function deposit() external view returns (uint256);

    /// @notice Deposit that the challenger's next challenge against a token takes: the base doubled for each of its earlier
    /// ones that was rejected, up to the maximum. It is of this pair, so that no one can raise the price for others.
    function depositOf(uint256 duplicateTokenId, address challenger) external view returns (uint256);

    /// @notice Largest Hamming distance of two fingerprints of a scheme that counts as a copy; 0 means none is known.
    function maximumDistanceOf(uint32 fingerprintScheme) external view returns (uint256);

    /// @notice What is stored of a challenger's matter against a token.
    function docketOf(uint256 duplicateTokenId, address challenger) external view returns (Docket memory);

    /// @notice State of a challenge; {State.None} also when a later attempt of the challenger took its place.
    function stateOf(Terms calldata terms) external view returns (State);

    /// @notice Number of challenges that are open against a token.
    function openAgainst(uint256 duplicateTokenId) external view returns (uint256);

    /// @notice Id of a challenge: keccak256(abi.encode(chain id, this contract, terms)).
    function idOf(Terms calldata terms) external view returns (bytes32);
}
