// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberContext} from "../identity/MemberContext.sol";
import {Roles} from "../identity/Roles.sol";
import {IPayouts} from "../payments/IPayouts.sol";
import {Payments} from "../payments/Payments.sol";
import {IReputationEpochs} from "./IReputationEpochs.sol";
import {IReputationLedger} from "./IReputationLedger.sol";
import {OpinionLibrary} from "./OpinionLibrary.sol";
import {ReputationFaults} from "./ReputationFaults.sol";
import {ReputationLeafLibrary} from "./ReputationLeafLibrary.sol";

/// @title ReputationEpochs
/// @notice Published reputations with proof of error, see {IReputationEpochs}.
contract ReputationEpochs is IReputationEpochs, MemberContext {
    /// @dev A leaf that somebody wants to see, one word:
    ///
    ///     56 bits | 40       | 160
    ///     unused  | answerBy | demander
    struct Demand {
        address demander;
        uint40 answerBy;
    }

    /// @dev Part of a bond that is lost for good, so that proving oneself wrong is not free.
    uint256 private constant FORFEITED_DIVISOR = 2;
    uint256 private constant FEE_DIVISOR = 100;

    /// @notice Where coins go that their owner did not accept.
    IPayouts public immutable payouts;
    /// @notice The ledger whose counters decide.
    IReputationLedger public immutable ledger;
    /// @notice Receives what is forfeited.
    address public immutable treasury;
    /// @inheritdoc IReputationEpochs
    uint96 public immutable bond;
    /// @inheritdoc IReputationEpochs
    uint40 public immutable answerSeconds;
    uint40 private immutable _windowSeconds;

    /// @inheritdoc IReputationEpochs
    bytes32 public head;
    mapping(bytes32 epochHash => mapping(uint256 index => Demand demand)) private _demands;

    constructor(
        address membership_,
        address forwarder,
        address payouts_,
        address ledger_,
        address treasury_,
        uint96 bond_,
        uint40 answerSeconds_
    ) MemberContext(membership_, forwarder) {
        uint40 windowSeconds = IReputationLedger(ledger_).windowSeconds();
        // Whoever sees an epoch published at the last moment can still demand a leaf, be answered, and prove it wrong.
        bool fits = answerSeconds_ != 0 && answerSeconds_ <= windowSeconds / 8;
        require(fits, ReputationEpochs_BadTimes(windowSeconds, answerSeconds_));
        require(bond_ >= FEE_DIVISOR, ReputationEpochs_ZeroBond());
        payouts = IPayouts(payouts_);
        ledger = IReputationLedger(ledger_);
        treasury = treasury_;
        bond = bond_;
        answerSeconds = answerSeconds_;
        _windowSeconds = windowSeconds;
        // The chain begins with an epoch of zeros, which is final and knows nobody.
        Epoch memory first;
        head = keccak256(abi.encode(first));
    }

    /* PUBLISH */

    /// @inheritdoc IReputationEpochs
    function publish(Epoch calldata last, uint40 window, bytes32 root, uint32 leaves) external payable {
        // Check: an operator publishes the present window's epoch, once, early enough to be checked, and bonded.
        _requireRole(Roles.OPERATOR);
        _requireHead(last);
        uint256 until = uint256(window) * _windowSeconds + _windowSeconds / 2;
        uint256 present = _window();
        require(window == present && block.timestamp < until, ReputationEpochs_NotPublishable(window, present, until));
        require(last.window < window, ReputationEpochs_AlreadyPublished(window));
        bool movesOn = last.publisher == _msgSender();
        uint256 due = movesOn ? bond - last.bond : bond;
        require(msg.value == due, ReputationEpochs_ValueMismatch(msg.value, due));

        // Effect: the epoch is the head of the chain, and no bond stands for the one before it any more.
        Epoch memory epoch = Epoch({
            previous: _hashWithoutBond(last),
            root: root,
            window: window,
            leaves: leaves,
            publisher: _msgSender(),
            bond: bond
        });
        head = keccak256(abi.encode(epoch));
        emit EpochPublished(window, epoch);

        // Interaction: another publisher's bond goes back.
        if (!movesOn) Payments.payOrCredit(payouts, last.publisher, last.bond);
    }

    /// @inheritdoc IReputationEpochs
    function withdrawBond(Epoch calldata last) external {
        // Check: the last epoch is final, with a bond.
        _requireHead(last);
        _requireFinal(last);
        require(last.bond != 0, ReputationEpochs_NoBond(last.window));

        // Effect: the epoch stands without a bond.
        head = _hashWithoutBond(last);
        emit BondWithdrawn(last.window, last.publisher, last.bond);

        // Interaction: pay the publisher, whoever calls.
        if (_msgSender() == last.publisher) Payments.payCaller(last.publisher, last.bond);
        else Payments.payOrCredit(payouts, last.publisher, last.bond);
    }

    /* PROVE */

    /// @inheritdoc IReputationEpochs
    function proveWrong(Epoch calldata epoch, OpenedLeaf calldata opened, address omitted) external {
        // Check: the pending epoch has this leaf, and the counters say otherwise.
        _requirePending(epoch);
        _requireIncluded(epoch, opened);
        bool isWrong = ReputationFaults.isWrong(ledger, epoch.window, opened.leaf, omitted);
        require(isWrong, ReputationEpochs_LeafRight(opened.index));

        _void(epoch, Fault.WrongLeaf);
    }

    /// @inheritdoc IReputationEpochs
    function proveMissing(Epoch calldata epoch, address rater, address subject, OpenedLeaf[] calldata around) external {
        // Check: the pending epoch has no leaf of a pair that had an interaction.
        _requirePending(epoch);
        for (uint256 i; i < around.length; ++i) {
            _requireIncluded(epoch, around[i]);
        }
        require(
            ReputationFaults.isBetween(epoch.leaves, rater, subject, around)
                && ledger.isKnownBefore(epoch.window, rater, subject),
            ReputationEpochs_NotMissing(rater, subject)
        );

        _void(epoch, Fault.MissingLeaf);
    }

    /// @inheritdoc IReputationEpochs
    function proveDisorder(Epoch calldata epoch, OpenedLeaf calldata first, OpenedLeaf calldata second) external {
        // Check: the pending epoch has these two side by side, and they do not ascend.
        _requirePending(epoch);
        _requireIncluded(epoch, first);
        _requireIncluded(epoch, second);
        require(
            first.index + 1 == second.index
                && !ReputationLeafLibrary.isBefore(
                    first.leaf.rater, first.leaf.subject, second.leaf.rater, second.leaf.subject
                ),
            ReputationEpochs_InOrder(first.index, second.index)
        );

        _void(epoch, Fault.Disorder);
    }

    /* DEMAND */

    /// @inheritdoc IReputationEpochs
    function demand(Epoch calldata epoch, uint256 index) external payable {
        // Check: a member pays to see a leaf of the pending epoch, with time left for the answer and for a proof.
        _requireActive();
        bytes32 epochHash = _requirePending(epoch);
        require(index < epoch.leaves, ReputationEpochs_NoSuchLeaf(index, epoch.leaves));
        require(msg.value == demandFee(), ReputationEpochs_ValueMismatch(msg.value, demandFee()));
        uint256 limit = (uint256(epoch.window) + 1) * _windowSeconds - 2 * answerSeconds;
        require(block.timestamp < limit, ReputationEpochs_TooLate(limit, block.timestamp));
        require(_demands[epochHash][index].demander == address(0), ReputationEpochs_AlreadyDemanded(index));

        // Effect: the leaf is to be shown in time. Times fit 40 bits.
        Demand memory wanted = Demand(_msgSender(), uint40(block.timestamp) + answerSeconds);
        _demands[epochHash][index] = wanted;
        emit LeafDemanded(epoch.window, wanted.demander, index, epochHash, wanted.answerBy);
    }

    /// @inheritdoc IReputationEpochs
    function answer(Epoch calldata epoch, OpenedLeaf calldata opened) external {
        // Check: the leaf was demanded, is shown in time and is in the pending epoch's tree.
        bytes32 epochHash = _requirePending(epoch);
        Demand memory wanted = _requireDemand(epochHash, opened.index);
        require(block.timestamp < wanted.answerBy, ReputationEpochs_TooLate(wanted.answerBy, block.timestamp));
        _requireIncluded(epoch, opened);

        // Effect: the demand is met.
        delete _demands[epochHash][opened.index];
        emit LeafOpened(epoch.window, epochHash, opened, _msgSender());

        // Interaction: whoever answered is paid.
        Payments.payCaller(_msgSender(), demandFee());
    }

    /// @inheritdoc IReputationEpochs
    function proveUnanswered(Epoch calldata epoch, uint256 index) external {
        // Check: a demand for a leaf of the pending epoch was not met in time.
        bytes32 epochHash = _requirePending(epoch);
        Demand memory wanted = _requireOverdue(epochHash, index);

        // Effect: the demand is over.
        delete _demands[epochHash][index];
        emit FeeReclaimed(epochHash, index, wanted.demander);

        _void(epoch, Fault.Unanswered);
        Payments.payOrCredit(payouts, wanted.demander, demandFee());
    }

    /// @inheritdoc IReputationEpochs
    function reclaimFee(bytes32 epochHash, uint256 index) external {
        // Check: the caller's demand was not met in time, and can no longer be held against the publisher.
        Demand memory wanted = _requireOverdue(epochHash, index);
        require(_msgSender() == wanted.demander, ReputationEpochs_NotDemander(_msgSender(), wanted.demander));
        uint40 window = wanted.answerBy / _windowSeconds;
        uint256 present = _window();
        require(epochHash != head || window < present, ReputationEpochs_NotFinal(window, present));

        // Effect: the demand is over.
        delete _demands[epochHash][index];
        emit FeeReclaimed(epochHash, index, wanted.demander);

        // Interaction: the caller gets its fee back.
        Payments.payCaller(wanted.demander, demandFee());
    }

    /* VIEWS */

    /// @inheritdoc IReputationEpochs
    function requireExpectations(
        Evidence calldata evidence,
        address rater,
        address[] calldata candidates,
        uint256[] calldata expectations
    ) external view {
        Epoch calldata epoch = evidence.epoch;
        _requireLatestFinal(epoch, evidence.pending);
        require(
            expectations.length == candidates.length && evidence.openings.length == candidates.length,
            ReputationEpochs_OpeningsMismatch(evidence.openings.length, expectations.length, candidates.length)
        );
        for (uint256 i; i < candidates.length; ++i) {
            require(
                _isExpected(epoch, rater, candidates[i], expectations[i], evidence.openings[i]),
                ReputationEpochs_WrongExpectation(candidates[i], expectations[i])
            );
        }
    }

    /// @inheritdoc IReputationEpochs
    function hashOf(Epoch calldata epoch) external pure returns (bytes32) {
        return keccak256(abi.encode(epoch));
    }

    /// @inheritdoc IReputationEpochs
    function demandFee() public view returns (uint96) {
        return uint96(bond / FEE_DIVISOR);
    }

    /* INTERNAL */

    /// @dev The epoch leaves the chain. Its bond is halved between the caller and the treasury.
    function _void(Epoch calldata epoch, Fault fault) private {
        // Effect: the chain ends with the epoch before.
        head = epoch.previous;
        uint256 forfeited = epoch.bond / FORFEITED_DIVISOR;
        uint256 reward = epoch.bond - forfeited;
        emit EpochVoided(epoch.window, _msgSender(), fault, reward, forfeited);

        // Interaction: the prover is paid, the rest is forfeited.
        Payments.payOrCredit(payouts, treasury, forfeited);
        Payments.payCaller(_msgSender(), reward);
    }

    /// @dev Which leaf speaks for a candidate follows from the ledger, so that none can be left out to advantage.
    function _isExpected(
        Epoch calldata epoch,
        address rater,
        address candidate,
        uint256 expectation,
        Opening calldata opening
    ) private view returns (bool) {
        if (!ledger.isKnownBefore(epoch.window, rater, candidate)) {
            if (!ledger.isKnownBefore(epoch.window, address(0), candidate)) {
                return expectation == OpinionLibrary.BASE_RATE;
            }
            rater = address(0);
        }
        bytes32 leaf = ReputationLeafLibrary.hashOf(rater, candidate, expectation, opening.details);
        return ReputationLeafLibrary.isAt(epoch, opening.index, leaf, opening.path);
    }

    /// @dev The head itself, or the one before a head that is not final.
    function _requireLatestFinal(Epoch calldata epoch, Epoch calldata pending) private view {
        bytes32 epochHash = keccak256(abi.encode(epoch));
        bytes32 last = epochHash;
        if (pending.publisher != address(0)) {
            last = keccak256(abi.encode(pending));
            require(pending.previous == epochHash, ReputationEpochs_NotHead(epochHash, pending.previous));
        }
        require(last == head, ReputationEpochs_NotHead(last, head));
        _requireFinal(epoch);
    }

    function _requireHead(Epoch calldata epoch) private view returns (bytes32 epochHash) {
        epochHash = keccak256(abi.encode(epoch));
        require(epochHash == head, ReputationEpochs_NotHead(epochHash, head));
    }

    function _requirePending(Epoch calldata epoch) private view returns (bytes32) {
        uint256 present = _window();
        require(epoch.window == present, ReputationEpochs_NotPending(epoch.window, present));
        return _requireHead(epoch);
    }

    function _requireFinal(Epoch calldata epoch) private view {
        uint256 present = _window();
        require(epoch.window < present, ReputationEpochs_NotFinal(epoch.window, present));
    }

    function _requireIncluded(Epoch calldata epoch, OpenedLeaf calldata opened) private pure {
        bytes32 leaf = ReputationLeafLibrary.hashOf(opened.leaf);
        require(
            ReputationLeafLibrary.isAt(epoch, opened.index, leaf, opened.path),
            ReputationEpochs_NotIncluded(opened.index)
        );
    }

    function _requireDemand(bytes32 epochHash, uint256 index) private view returns (Demand memory wanted) {
        wanted = _demands[epochHash][index];
        require(wanted.demander != address(0), ReputationEpochs_NotDemanded(index));
    }

    function _requireOverdue(bytes32 epochHash, uint256 index) private view returns (Demand memory wanted) {
        wanted = _requireDemand(epochHash, index);
        require(block.timestamp >= wanted.answerBy, ReputationEpochs_TooEarly(wanted.answerBy, block.timestamp));
    }

    function _hashWithoutBond(Epoch memory epoch) private pure returns (bytes32) {
        epoch.bond = 0;
        return keccak256(abi.encode(epoch));
    }

    function _window() private view returns (uint256) {
        return block.timestamp / _windowSeconds;
    }
}
