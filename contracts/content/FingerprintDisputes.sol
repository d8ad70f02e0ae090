// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberContext} from "../identity/MemberContext.sol";
import {IPayouts} from "../payments/IPayouts.sol";
import {Payments} from "../payments/Payments.sol";
import {ITaskStakes} from "../tasks/ITaskStakes.sol";
import {AttestationLibrary} from "./AttestationLibrary.sol";
import {IFingerprintDisputes} from "./IFingerprintDisputes.sol";
import {IProofOfAIGC} from "./IProofOfAIGC.sol";
import {SortitionLibrary} from "./SortitionLibrary.sol";

/// @title FingerprintDisputes
/// @notice Judges declared fingerprints by a sample of staked providers, see {IFingerprintDisputes}.
/// @dev Every dispute that is Open or Drawn holds exactly one bond here.
contract FingerprintDisputes is IFingerprintDisputes, MemberContext {
    using AttestationLibrary for mapping(address => AttestationLibrary.Duty);

    /// @dev What is known of a dispute beyond its terms; the second word is written by the draw:
    ///
    ///     112 bits empty | 8 revealed | 8 sampleSize | 40 revealUntil | 40 commitUntil | 40 seedBlock | 8 state
    ///     256 bits sampleHash
    struct Dispute {
        State state;
        uint40 seedBlock;
        uint40 commitUntil;
        uint40 revealUntil;
        uint8 sampleSize;
        uint8 revealed;
        bytes32 sampleHash;
    }

    uint256 private constant MAXIMUM_LOCATOR_LENGTH = 256;
    uint256 private constant SEED_LIFETIME = 256;

    /// @notice The register of content.
    IProofOfAIGC public immutable registry;
    /// @notice Takes what is paid.
    IPayouts public immutable payouts;
    /// @notice Who staked, and what they lose.
    ITaskStakes public immutable stakes;
    /// @notice Receives what belongs to nobody.
    address public immutable treasury;
    /// @inheritdoc IFingerprintDisputes
    uint96 public immutable bond;
    /// @inheritdoc IFingerprintDisputes
    uint96 public immutable receiptPenalty;
    /// @inheritdoc IFingerprintDisputes
    uint96 public immutable dutyPenalty;
    /// @notice Seconds in which the drawn commit.
    uint40 public immutable commitWindow;
    /// @notice Seconds after that in which they reveal.
    uint40 public immutable revealWindow;

    mapping(bytes32 disputeId => Dispute dispute) private _disputes;
    mapping(bytes32 disputeId => mapping(address attester => AttestationLibrary.Duty duty)) private _duties;
    /// @inheritdoc IFingerprintDisputes
    mapping(uint256 tokenId => bytes31 variants) public attestedVariantsOf;
    /// @inheritdoc IFingerprintDisputes
    mapping(uint256 tokenId => uint256 attempts) public attemptsOf;

    constructor(
        address membership_,
        address forwarder,
        address registry_,
        address payouts_,
        address stakes_,
        address treasury_,
        Rules memory rules
    ) MemberContext(membership_, forwarder) {
        if (
            rules.bond == 0 || rules.receiptPenalty == 0 || rules.commitWindow == 0 || rules.revealWindow == 0
                || treasury_ == address(0)
        ) revert FingerprintDisputes_BadRules();
        registry = IProofOfAIGC(registry_);
        payouts = IPayouts(payouts_);
        stakes = ITaskStakes(stakes_);
        treasury = treasury_;
        bond = rules.bond;
        receiptPenalty = rules.receiptPenalty;
        dutyPenalty = rules.dutyPenalty;
        commitWindow = rules.commitWindow;
        revealWindow = rules.revealWindow;
    }

    /* ASSERTION AND DRAW */

    /// @inheritdoc IFingerprintDisputes
    function open(IProofOfAIGC.Record calldata record, string calldata locator)
        external
        payable
        returns (bytes32 disputeId)
    {
        // Check: a member pledges the bond against another's receipt, which no quorum has judged.
        _requireActive();
        Terms memory terms = Terms({
            tokenId: uint256(record.receipt.contentHash),
            fingerprint: record.receipt.fingerprint,
            provider: record.receipt.provider,
            asserter: _msgSender(),
            attempt: attemptsOf[uint256(record.receipt.contentHash)] + 1
        });
        if (msg.value != bond) revert FingerprintDisputes_WrongBond(msg.value, bond);
        if (terms.asserter == terms.provider) revert FingerprintDisputes_OwnReceipt(terms.provider);
        uint256 length = bytes(locator).length;
        if (length > MAXIMUM_LOCATOR_LENGTH) revert FingerprintDisputes_LocatorTooLong(length, MAXIMUM_LOCATOR_LENGTH);
        if (attestedVariantsOf[terms.tokenId] != 0) revert FingerprintDisputes_AlreadyAttested(terms.tokenId);
        registry.requireRecord(record);

        // Effect: the dispute is open; the seed is the hash of the next block. Block numbers fit 40 bits.
        attemptsOf[terms.tokenId] = terms.attempt;
        disputeId = _idOf(terms);
        _disputes[disputeId].state = State.Open;
        _disputes[disputeId].seedBlock = uint40(block.number + 1);
        emit DisputeOpened(disputeId, terms.tokenId, terms, bond, locator);

        // Interaction: freeze the content, which the register refuses when it is removed or in a dispute; bind the stake.
        registry.freezeForDispute(terms.tokenId);
        stakes.hold(terms.provider);
    }

    /// @inheritdoc IFingerprintDisputes
    function draw(Terms calldata terms) external {
        // Check: the dispute waits for its draw, and the seed is there.
        (bytes32 disputeId, Dispute storage dispute) = _require(terms, State.Open);
        uint256 seedBlock = dispute.seedBlock;
        if (block.number <= seedBlock) revert FingerprintDisputes_SeedNotReady(seedBlock, block.number);
        if (block.number - seedBlock > SEED_LIFETIME) {
            // Effect: the chain forgot the hash; the next block gives another.
            dispute.seedBlock = uint40(block.number + 1);
            emit SeedRenewed(disputeId, uint40(block.number + 1));
            return;
        }
        bytes32 seed = keccak256(abi.encode(disputeId, blockhash(seedBlock)));
        address[] memory sample = SortitionLibrary.draw(stakes, seed, terms.provider, terms.asserter);
        if (sample.length < SortitionLibrary.MINIMUM_SAMPLE) {
            _end(disputeId, terms, State.Lapsed, 0, 0);
            _pay(terms.asserter, bond);
            return;
        }

        // Effect: the drawn have to answer. The sample is small; times fit 40 bits.
        dispute.state = State.Drawn;
        dispute.commitUntil = uint40(block.timestamp) + commitWindow;
        dispute.revealUntil = dispute.commitUntil + revealWindow;
        dispute.sampleSize = uint8(sample.length);
        dispute.sampleHash = keccak256(abi.encode(sample));
        emit SampleDrawn(disputeId, sample, dispute.commitUntil, dispute.revealUntil);

        // Interaction: their stakes stay until the end.
        for (uint256 i; i < sample.length; ++i) {
            stakes.hold(sample[i]);
        }
    }

    /* ATTESTATION */

    /// @inheritdoc IFingerprintDisputes
    function commit(Terms calldata terms, address[] calldata sample, bytes32 commitment) external {
        // Check: a drawn provider commits in time, once.
        (bytes32 disputeId, Dispute storage dispute) = _require(terms, State.Drawn);
        _requireSample(disputeId, dispute, sample);
        address attester = _msgSender();
        if (!SortitionLibrary.contains(sample, sample.length, attester)) {
            revert FingerprintDisputes_NotDrawn(disputeId, attester);
        }
        _requireBefore(dispute.commitUntil);
        if (bytes31(commitment) == 0) revert FingerprintDisputes_ZeroCommitment();
        if (_duties[disputeId][attester].digest != 0) revert FingerprintDisputes_AlreadyCommitted(disputeId, attester);

        // Effect: bind the attester.
        _duties[disputeId][attester].digest = bytes31(commitment);
        emit AttestationCommitted(disputeId, attester, commitment);
    }

    /// @inheritdoc IFingerprintDisputes
    function reveal(Terms calldata terms, bytes32[8] calldata fingerprints, bytes32 salt) external {
        // Check: what was committed to, in time, once.
        (bytes32 disputeId, Dispute storage dispute) = _require(terms, State.Drawn);
        address attester = _msgSender();
        if (block.timestamp < dispute.commitUntil) {
            revert FingerprintDisputes_TooEarly(dispute.commitUntil, block.timestamp);
        }
        _requireBefore(dispute.revealUntil);
        AttestationLibrary.Duty memory duty = _duties[disputeId][attester];
        bytes31 digest = bytes31(_attestationOf(disputeId, attester, fingerprints, salt));
        if (duty.answer != AttestationLibrary.Answer.None || duty.digest != digest) {
            revert FingerprintDisputes_WrongReveal(disputeId, attester);
        }

        // Effect: one attestation more.
        _duties[disputeId][attester] = AttestationLibrary.Duty({
            answer: fingerprints[0] == terms.fingerprint ? AttestationLibrary.Answer.True : AttestationLibrary.Answer.False,
            digest: bytes31(keccak256(abi.encode(fingerprints)))
        });
        ++dispute.revealed;
        emit AttestationRevealed(disputeId, attester, fingerprints);
    }

    /* END */

    /// @inheritdoc IFingerprintDisputes
    function settle(Terms calldata terms, address[] calldata sample) external {
        // Check: nobody can answer any more.
        (bytes32 disputeId, Dispute storage dispute) = _require(terms, State.Drawn);
        _requireSample(disputeId, dispute, sample);
        if (dispute.revealed < dispute.sampleSize && block.timestamp < dispute.revealUntil) {
            revert FingerprintDisputes_TooEarly(dispute.revealUntil, block.timestamp);
        }

        // Effect: the verdict.
        (AttestationLibrary.Duty memory leading, uint256 agreeing) = _duties[disputeId].leading(sample);
        bool hasQuorum = 3 * agreeing >= 2 * sample.length;
        State outcome = State.Lapsed;
        if (hasQuorum) {
            outcome = leading.answer == AttestationLibrary.Answer.True ? State.True : State.False;
            attestedVariantsOf[terms.tokenId] = leading.digest;
        } else {
            leading.digest = 0;
        }

        // Effect and interaction: end it, see to duties, then stake and bond.
        _end(disputeId, terms, outcome, agreeing, leading.digest);
        address[] memory quorum = _dismiss(disputeId, sample, leading.digest, hasQuorum ? agreeing : 0);
        if (outcome == State.False) _punish(terms, quorum);
        if (outcome == State.True) _compensate(terms.provider, quorum);
        else _pay(terms.asserter, bond);
    }

    /* VIEWS */

    /// @inheritdoc IFingerprintDisputes
    function disputeOf(bytes32 disputeId)
        external
        view
        returns (State state, uint40 seedBlock, uint40 commitUntil, uint40 revealUntil, uint8 revealed)
    {
        Dispute storage dispute = _disputes[disputeId];
        return (dispute.state, dispute.seedBlock, dispute.commitUntil, dispute.revealUntil, dispute.revealed);
    }

    /// @inheritdoc IFingerprintDisputes
    function idOf(Terms calldata terms) external view returns (bytes32) {
        return _idOf(terms);
    }

    /// @inheritdoc IFingerprintDisputes
    function attestationOf(bytes32 disputeId, address attester, bytes32[8] calldata fingerprints, bytes32 salt)
        external
        pure
        returns (bytes32)
    {
        return _attestationOf(disputeId, attester, fingerprints, salt);
    }

    /* INTERNAL */

    /// @dev Ends a dispute, whatever follows from it.
    function _end(bytes32 disputeId, Terms calldata terms, State outcome, uint256 agreeing, bytes31 variants) private {
        _disputes[disputeId].state = outcome;
        emit DisputeSettled(disputeId, terms.tokenId, outcome, agreeing, variants);
        registry.endDispute(terms.tokenId, outcome == State.False);
        stakes.release(terms.provider);
    }

    /// @dev Releases the drawn and takes the penalty of those that failed; returns the quorum, `agreeing` of them.
    function _dismiss(bytes32 disputeId, address[] calldata sample, bytes31 variants, uint256 agreeing)
        private
        returns (address[] memory quorum)
    {
        quorum = new address[](agreeing);
        uint256 found;
        for (uint256 i; i < sample.length; ++i) {
            AttestationLibrary.Duty memory duty = _duties[disputeId][sample[i]];
            stakes.release(sample[i]);
            bool hasRevealed = duty.answer != AttestationLibrary.Answer.None;
            if (agreeing != 0 && hasRevealed && duty.digest == variants) quorum[found++] = sample[i];
            else if (agreeing != 0 || !hasRevealed) stakes.slash(sample[i], dutyPenalty, treasury);
        }
    }

    /// @dev Takes the provider's penalty, or what its deliveries leave of its stake: half to the asserter, a quarter to the
    /// quorum.
    function _punish(Terms calldata terms, address[] memory quorum) private {
        uint256 pledged = stakes.offerOf(terms.provider).stake;
        uint256 liability = stakes.liabilityOf(terms.provider);
        uint256 free = liability < pledged ? pledged - liability : 0;
        // Safe casts: parts of an amount of 96 bits.
        uint96 amount = receiptPenalty < free ? receiptPenalty : uint96(free);
        uint96 share = uint96(amount / 4 / quorum.length);
        stakes.slash(terms.provider, amount / 2, terms.asserter);
        for (uint256 i; i < quorum.length; ++i) {
            stakes.slash(terms.provider, share, quorum[i]);
        }
        stakes.slash(terms.provider, uint96(amount - amount / 2 - share * quorum.length), treasury);
    }

    /// @dev Half of the bond to the quorum in equal parts, rounded down; the rest to the provider that was right.
    function _compensate(address provider, address[] memory quorum) private {
        uint256 share = uint256(bond) / 2 / quorum.length;
        address[] memory accounts = new address[](quorum.length + 1);
        uint256[] memory amounts = new uint256[](quorum.length + 1);
        for (uint256 i; i < quorum.length; ++i) {
            (accounts[i], amounts[i]) = (quorum[i], share);
        }
        (accounts[quorum.length], amounts[quorum.length]) = (provider, bond - share * quorum.length);
        payouts.creditMany{value: bond}(accounts, amounts);
    }

    function _pay(address to, uint256 amount) private {
        if (to == _msgSender()) Payments.payCaller(to, amount);
        else Payments.payOrCredit(payouts, to, amount);
    }

    function _require(Terms calldata terms, State required)
        private
        view
        returns (bytes32 disputeId, Dispute storage dispute)
    {
        disputeId = _idOf(terms);
        dispute = _disputes[disputeId];
        if (dispute.state != required) {
            revert FingerprintDisputes_WrongState(disputeId, dispute.state, required);
        }
    }

    function _requireSample(bytes32 disputeId, Dispute storage dispute, address[] calldata sample) private view {
        if (dispute.sampleHash != keccak256(abi.encode(sample))) revert FingerprintDisputes_SampleMismatch(disputeId);
    }

    function _requireBefore(uint40 limit) private view {
        if (block.timestamp >= limit) revert FingerprintDisputes_TooLate(limit, block.timestamp);
    }

    function _idOf(Terms memory terms) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), terms));
    }

    function _attestationOf(bytes32 disputeId, address attester, bytes32[8] calldata fingerprints, bytes32 salt)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(disputeId, attester, fingerprints, salt));
    }
}
