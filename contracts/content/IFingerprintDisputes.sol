// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProofOfAIGC} from "./IProofOfAIGC.sol";

/// @title IFingerprintDisputes
/// @notice Judges whether the fingerprint that a provider signed for registered content is the content's own.
/// @dev The life of a dispute:
///
///     None --open, with a bond--> Open --draw, in a later block--> Drawn --settle--> False, True or Lapsed
///                                   +----draw, too few to ask-----------------------> Lapsed
///
///     Drawn: --- commit window --- | --- reveal window --- | settle (at once when all have revealed)
///
/// Only content that everybody can fetch can be judged: {open} names a locator of the bytes behind the content hash. After
/// that, up to {SAMPLE_SIZE} staked providers are drawn from all who ever staked in TaskBoard, by the hash of a block that
/// was still to come. Every provider has one chance however much it staked, and each needs the minimum stake, so that many
/// chances cost many stakes. Each recomputes the fingerprint by the published kind and version and attests by commit and
/// reveal, bound to the dispute and to itself. A quorum are two thirds of the drawn.
///
/// Attested are eight fingerprints: of the content as it is, turned by 90, 180 and 270 degrees, and of the four mirrored
/// (texts: the same eight times). The first decides; the hash of all eight stays readable ({attestedVariantsOf}), as a
/// mirrored copy has a fingerprint far from the original's that is nevertheless true.
///
/// | outcome | token | bond | stakes |
/// |---|---|---|---|
/// | False: a quorum attested another fingerprint | removed for good | back to the asserter | the provider that signed loses {receiptPenalty}: half to the asserter, a quarter to the quorum, the rest to the treasury |
/// | True: a quorum attested the declared one | free | half to the quorum, the rest to the provider | none |
/// | Lapsed: no quorum, or fewer than {MINIMUM_SAMPLE} to ask | free; the declared one stands | back to the asserter, whole | none |
///
/// With a quorum, whoever of the drawn did not attest with it loses {dutyPenalty} to the treasury; without one, whoever did
/// not reveal. Stakes are held while their providers are judged or have to answer. What is pledged is paid as credits in
/// Payouts, except to who calls.
interface IFingerprintDisputes {
    enum State {
        None,
        Open,
        Drawn,
        False,
        True,
        Lapsed
    }

    /// @notice What a dispute is about; its hash is its id, and callers pass it back.
    /// @param tokenId The content.
    /// @param fingerprint The fingerprint that was declared.
    /// @param provider Who signed it.
    /// @param asserter Who calls it wrong and pledged the bond.
    /// @param attempt Number of the dispute about this content, from 1.
    struct Terms {
        uint256 tokenId;
        bytes32 fingerprint;
        address provider;
        address asserter;
        uint256 attempt;
    }

    /// @notice Amounts in wei and times in seconds, fixed at deployment.
    /// @param bond What an asserter pledges.
    /// @param receiptPenalty What a provider loses that signed a false fingerprint, at most what its deliveries leave of its
    /// stake (stake less liability in TaskBoard).
    /// @param dutyPenalty What a drawn provider loses that does not attest with the quorum, limited likewise.
    /// @param commitWindow From the draw in which the drawn commit.
    /// @param revealWindow After it, in which they reveal.
    struct Rules {
        uint96 bond;
        uint96 receiptPenalty;
        uint96 dutyPenalty;
        uint40 commitWindow;
        uint40 revealWindow;
    }

    event DisputeOpened(bytes32 indexed disputeId, uint256 indexed tokenId, Terms terms, uint256 bond, string locator);
    event SeedRenewed(bytes32 indexed disputeId, uint40 seedBlock);
    event SampleDrawn(bytes32 indexed disputeId, address[] sample, uint40 commitUntil, uint40 revealUntil);
    event AttestationCommitted(bytes32 indexed disputeId, address indexed attester, bytes32 commitment);
    event AttestationRevealed(bytes32 indexed disputeId, address indexed attester, bytes32[8] fingerprints);
    event DisputeSettled(bytes32 indexed disputeId, uint256 indexed tokenId, State outcome, uint256 agreeing, bytes31 variants);

    error FingerprintDisputes_BadRules();
    error FingerprintDisputes_WrongBond(uint256 sent, uint256 bond);
    error FingerprintDisputes_OwnReceipt(address provider);
    error FingerprintDisputes_LocatorTooLong(uint256 length, uint256 maximum);
    error FingerprintDisputes_AlreadyAttested(uint256 tokenId);
    error FingerprintDisputes_WrongState(bytes32 disputeId, State state, State required);
    error FingerprintDisputes_SeedNotReady(uint256 seedBlock, uint256 blockNumber);
    error FingerprintDisputes_SampleMismatch(bytes32 disputeId);
    error FingerprintDisputes_NotDrawn(bytes32 disputeId, address caller);
    error FingerprintDisputes_TooEarly(uint40 from, uint256 blockTimestamp);
    error FingerprintDisputes_TooLate(uint40 limit, uint256 blockTimestamp);
    error FingerprintDisputes_ZeroCommitment();
    error FingerprintDisputes_AlreadyCommitted(bytes32 disputeId, address attester);
    error FingerprintDisputes_WrongReveal(bytes32 disputeId, address attester);

    /// @notice Asserts that a registered record's fingerprint is not its content's; freezes the content and holds the stake
    /// of the provider that signed.
    /// @dev Requirements: caller is an active member, not that provider; value equals {bond}; the record is registered, not
    /// removed, not in a dispute and not attested yet; locator at most 256 bytes.
    /// @param locator Where anybody fetches the bytes behind the content hash; empty where the record's uri says it.
    function open(IProofOfAIGC.Record calldata record, string calldata locator)
        external
        payable
        returns (bytes32 disputeId);

    /// @notice Draws who has to attest; callable by anyone, in the second block after {open} at the earliest.
    /// @dev Past 256 blocks the hash is gone: then a new seed is set for the second block after this call. Ends the dispute
    /// as Lapsed where too few are eligible; the asserter and the provider that signed are never drawn.
    function draw(Terms calldata terms) external;

    /// @notice Commits to an attestation. Requirements: caller is drawn; within the commit window; the first of it.
    /// @param sample The drawn, as {SampleDrawn} names them.
    /// @param commitment {attestationOf}(dispute, caller, fingerprints, salt).
    function commit(Terms calldata terms, address[] calldata sample, bytes32 commitment) external;

    /// @notice Shows what the caller committed to. Requirements: within the reveal window; as committed, once.
    function reveal(Terms calldata terms, bytes32[8] calldata fingerprints, bytes32 salt) external;

    /// @notice Counts the attestations and pays everybody; callable by anyone.
    /// @dev Requirements: the reveal window is over, or all drawn have revealed.
    /// @param sample The drawn, as {SampleDrawn} names them.
    function settle(Terms calldata terms, address[] calldata sample) external;

    /// @notice State of a dispute, when its windows end (zero before the draw) and how many of the drawn revealed.
    function disputeOf(bytes32 disputeId)
        external
        view
        returns (State state, uint40 seedBlock, uint40 commitUntil, uint40 revealUntil, uint8 revealed);

    /// @notice First 31 bytes of keccak256(abi.encode(fingerprints)) that a quorum attested, zero if none did.
    function attestedVariantsOf(uint256 tokenId) external view returns (bytes31);

    /// @notice Disputes about a content so far.
    function attemptsOf(uint256 tokenId) external view returns (uint256);

    /// @notice Hash of chain, contract and terms.
    function idOf(Terms calldata terms) external view returns (bytes32);

    /// @notice keccak256(abi.encode(disputeId, attester, fingerprints, salt)).
    function attestationOf(bytes32 disputeId, address attester, bytes32[8] calldata fingerprints, bytes32 salt)
        external
        pure
        returns (bytes32);

    /// @notice What an asserter pledges, in wei.
    function bond() external view returns (uint96);

    /// @notice What a provider loses that signed a false fingerprint, in wei.
    function receiptPenalty() external view returns (uint96);

    /// @notice What a drawn provider loses that does not do its duty, in wei.
    function dutyPenalty() external view returns (uint96);
}
