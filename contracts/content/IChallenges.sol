// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProofOfAIGC} from "./IProofOfAIGC.sol";

/// @title IChallenges
/// @notice Removes near-copies from the register in four steps with a pledged deposit: fetch both records and require the
/// original to be strictly earlier; require the challenger to be its creator or owner; measure similarity on chain; settle.
interface IChallenges {
    enum State {
        None,
        Open,
        Upheld,
        Rejected
    }

    event ChallengeOpened(
        bytes32 indexed challengeId,
        address indexed challenger,
        uint256 originalTokenId,
        uint256 duplicateTokenId,
        address accused,
        uint256 deposit,
        uint256 attempt
    );
    event ChallengeSettled(
        bytes32 indexed challengeId,
        uint256 indexed duplicateTokenId,
        bool upheld,
        uint256 distance,
        uint256 maximumDistance,
        uint256 depositReturned,
        uint256 compensation,
        uint256 forfeited
    );

    error Challenges_WrongDeposit(uint256 sent, uint256 required);
    error Challenges_SameToken(uint256 tokenId);
    error Challenges_OriginalNotEarlier(uint256 originalBlock, uint256 duplicateBlock);
    error Challenges_NotCreatorOrOwner(address caller, uint256 originalTokenId);
    error Challenges_SchemeMismatch(uint32 originalScheme, uint32 duplicateScheme);
    error Challenges_NoThreshold(uint32 fingerprintScheme);
    error Challenges_OriginalRemoved(uint256 originalTokenId);
    error Challenges_NotOpen(bytes32 challengeId, State state);
    error Challenges_LengthMismatch(uint256 schemes, uint256 maximumDistances);
    error Challenges_BadThreshold(uint32 fingerprintScheme, uint256 maximumDistance);

    /// @notice Steps 1 and 2: checks both records and the challenger, takes the deposit, freezes the duplicate.
    /// @dev Requirements: caller is an active member and creator or owner of the original; both records match the register;
    /// the original's committed block is strictly earlier; equal fingerprint schemes with a threshold; the original is
    /// not removed, the duplicate neither removed nor challenged; value equals {deposit}.
    function open(IProofOfAIGC.Record calldata original, IProofOfAIGC.Record calldata duplicate)
        external
        payable
        returns (bytes32 challengeId);

    /// @notice Steps 3 and 4: measures the Hamming distance of the two fingerprints and settles; callable by anyone.
    /// @dev Upheld (distance within the threshold): the duplicate is removed and the deposit returns to the challenger.
    /// Rejected: half of the deposit compensates the accused owner, the rest goes to the treasury, so that challenging
    /// oneself is never free. Whoever called is paid directly; others by a send with little gas, or where they do not
    /// accept it by a credit in Payouts.
    function settle(
        IProofOfAIGC.Record calldata original,
        IProofOfAIGC.Record calldata duplicate,
        address challenger,
        address accused,
        uint256 attempt
    ) external;

    /// @notice Deposit a challenger pledges, in wei.
    function deposit() external view returns (uint256);

    /// @notice Largest Hamming distance of two fingerprints of a scheme that counts as a copy; 0 means none is known.
    function maximumDistanceOf(uint32 fingerprintScheme) external view returns (uint256);

    /// @notice State of a challenge.
    function stateOf(bytes32 challengeId) external view returns (State);

    /// @notice Number of challenges opened against a token so far; part of a challenge's id.
    function attemptsAgainst(uint256 duplicateTokenId) external view returns (uint256);

    /// @notice Id of a challenge: hash of chain, contract and terms.
    function idOf(uint256 originalTokenId, uint256 duplicateTokenId, address challenger, address accused, uint256 attempt)
        external
        view
        returns (bytes32);
}
