// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IReputationLedger} from "./IReputationLedger.sol";

/// @title IReputationEpochs
/// @notice The reputations of all pairs as they stood when a window of the ledger began, published as a Merkle root by a
/// bonded operator and open to proof of error, from the ledger's counters, until that window ends.
/// @dev
///     window begins        half of it              the window ends
///     | publish ........... |                       |
///           | demand, answer, prove wrong ......... | final; the bond is free
///
/// One word holds the head of a chain of all epochs that stand: callers hand in the epochs they speak of, and the word
/// tells whether these are the ones. A voided epoch leaves the chain as if it had never been; it may be published again.
///
/// The leaves are strictly ascending by (rater, subject). There is one for every pair with an interaction before the
/// window, and one for nobody (the zero address) with every subject that anybody had an interaction with: what those may
/// expect who have no experience of their own. A leaf's recommenders are the up to 16 accounts other than the rater with
/// most interactions with the subject, the smaller address first among equals, listed ascending. So all of a tree follows
/// from the ledger, and every deviation can be shown: a wrong leaf, a missing one, two out of order, and, should the
/// publisher keep its leaves to itself, that it does not answer. Each answer shows a path, and where its hashes differ
/// from the right tree's, the difference lies below: demands narrow a hidden leaf down in as many steps as a path is long.
interface IReputationEpochs {
    /// @notice Why an epoch was voided.
    enum Fault {
        WrongLeaf,
        MissingLeaf,
        Disorder,
        Unanswered
    }

    /// @notice A link of the chain of epochs.
    /// @param previous Hash of the epoch before it, whose bond is zero as it has moved on.
    /// @param root Merkle root of the leaves, zero for none.
    /// @param window Index of the window at whose beginning the reputations stood so.
    /// @param leaves Number of leaves.
    /// @param publisher Operator that published it.
    /// @param bond Wei that stand for it.
    struct Epoch {
        bytes32 previous;
        bytes32 root;
        uint40 window;
        uint32 leaves;
        address publisher;
        uint96 bond;
    }

    /// @notice A reputation.
    /// @param rater Whose view it is; the zero address for those without experience of the subject.
    /// @param subject Who is judged.
    /// @param expectation Expected trust, 1e18 fixed point.
    /// @param opinion The rater's opinion fused with the recommenders'.
    /// @param recommenders Whose opinions were fused in.
    struct Leaf {
        address rater;
        address subject;
        uint256 expectation;
        IReputationLedger.Opinion opinion;
        address[] recommenders;
    }

    /// @notice A leaf with its place in the tree.
    /// @param path Sibling hashes from the leaf up.
    struct OpenedLeaf {
        uint256 index;
        Leaf leaf;
        bytes32[] path;
    }

    /// @notice What shows an expectation to be in the tree.
    /// @param details Hash of the leaf's opinion and recommenders.
    struct Opening {
        uint256 index;
        bytes32 details;
        bytes32[] path;
    }

    /// @notice What shows expectations to be those of the latest final epoch.
    /// @param epoch The latest final epoch, all zero while there is none.
    /// @param pending The epoch published after it, all zero if there is none.
    /// @param openings One for each candidate; empty for one that nobody knew.
    struct Evidence {
        Epoch epoch;
        Epoch pending;
        Opening[] openings;
    }

    event EpochPublished(uint40 indexed window, Epoch epoch);
    event EpochVoided(uint40 indexed window, address indexed prover, Fault fault, uint256 reward, uint256 forfeited);
    event BondWithdrawn(uint40 indexed window, address indexed publisher, uint256 amount);
    event LeafDemanded(uint40 indexed window, address indexed demander, uint256 index, bytes32 epochHash, uint40 answerBy);
    event LeafOpened(uint40 indexed window, bytes32 epochHash, OpenedLeaf opened, address caller);
    event FeeReclaimed(bytes32 indexed epochHash, uint256 index, address demander);

    error ReputationEpochs_BadTimes(uint40 windowSeconds, uint40 answerSeconds);
    error ReputationEpochs_ZeroBond();
    error ReputationEpochs_NotHead(bytes32 given, bytes32 head);
    error ReputationEpochs_NotPublishable(uint40 window, uint256 presentWindow, uint256 until);
    error ReputationEpochs_AlreadyPublished(uint40 window);
    error ReputationEpochs_ValueMismatch(uint256 value, uint256 due);
    error ReputationEpochs_NotPending(uint40 window, uint256 presentWindow);
    error ReputationEpochs_NotFinal(uint40 window, uint256 presentWindow);
    error ReputationEpochs_NoBond(uint40 window);
    error ReputationEpochs_NotIncluded(uint256 index);
    error ReputationEpochs_LeafRight(uint256 index);
    error ReputationEpochs_NotMissing(address rater, address subject);
    error ReputationEpochs_InOrder(uint256 first, uint256 second);
    error ReputationEpochs_AlreadyDemanded(uint256 index);
    error ReputationEpochs_NotDemanded(uint256 index);
    error ReputationEpochs_NoSuchLeaf(uint256 index, uint32 leaves);
    error ReputationEpochs_TooLate(uint256 limit, uint256 blockTimestamp);
    error ReputationEpochs_TooEarly(uint256 limit, uint256 blockTimestamp);
    error ReputationEpochs_NotDemander(address caller, address demander);
    error ReputationEpochs_OpeningsMismatch(uint256 openings, uint256 expectations, uint256 candidates);
    error ReputationEpochs_WrongExpectation(address candidate, uint256 expectation);

    /// @notice Publishes the reputations at the beginning of the present window.
    /// @dev Requirements: caller is an active operator; `last` is the head; within the first half of the window, once. The
    /// bond of the last epoch moves on if the publisher is the same, else it goes back; the value is what is missing.
    function publish(Epoch calldata last, uint40 window, bytes32 root, uint32 leaves) external payable;

    /// @notice Takes the bond of a final epoch back; callable by anyone, pays the publisher.
    /// @dev Requirements: the epoch is the head and final; its bond was not taken.
    function withdrawBond(Epoch calldata last) external;

    /// @notice Voids an epoch by a leaf that does not follow from the counters; half the bond is the caller's, half forfeited.
    /// @dev Requirements: the epoch is pending; the leaf is in its tree and wrong: the pair had no interaction, a figure
    /// differs, or the recommenders are not those with most interactions.
    /// @param omitted An account that belongs among the recommenders and is not, zero where that is not the fault.
    function proveWrong(Epoch calldata epoch, OpenedLeaf calldata opened, address omitted) external;

    /// @notice Voids an epoch without a leaf that it ought to have; rewards as {proveWrong}.
    /// @dev Requirements: the epoch is pending; the pair had an interaction; `around` are the two leaves between which it
    /// ought to be, the first or last one beyond which it ought to be, or none if there are no leaves.
    function proveMissing(Epoch calldata epoch, address rater, address subject, OpenedLeaf[] calldata around) external;

    /// @notice Voids an epoch with two adjacent leaves that do not ascend; rewards as {proveWrong}.
    function proveDisorder(Epoch calldata epoch, OpenedLeaf calldata first, OpenedLeaf calldata second) external;

    /// @notice Demands to see a leaf, for a fee that goes to whoever shows it.
    /// @dev Requirements: caller is an active member; the epoch is pending, with time left to answer and to prove; value is
    /// the fee; the leaf is not demanded already.
    function demand(Epoch calldata epoch, uint256 index) external payable;

    /// @notice Shows a demanded leaf and takes the fee; callable by anyone.
    function answer(Epoch calldata epoch, OpenedLeaf calldata opened) external;

    /// @notice Voids an epoch whose publisher did not answer a demand in time; rewards as {proveWrong}, the demander gets its
    /// fee back.
    /// @dev Callable by anyone: who demands a leaf and keeps still would shield the publisher otherwise.
    function proveUnanswered(Epoch calldata epoch, uint256 index) external;

    /// @notice Takes back the fee of the caller's unanswered demand once the epoch is voided or final.
    function reclaimFee(bytes32 epochHash, uint256 index) external;

    /// @notice Reverts unless every expectation is that of the latest final epoch.
    /// @dev A candidate that the rater had no interaction with before the epoch's window is expected what nobody's leaf
    /// says; one that nobody had an interaction with is expected the base rate, half.
    function requireExpectations(
        Evidence calldata evidence,
        address rater,
        address[] calldata candidates,
        uint256[] calldata expectations
    ) external view;

    /// @notice Hash of the last epoch that stands.
    function head() external view returns (bytes32);

    /// @notice Hash of an epoch.
    function hashOf(Epoch calldata epoch) external pure returns (bytes32);

    /// @notice Wei that stand for an epoch.
    function bond() external view returns (uint96);

    /// @notice Wei that a demand costs.
    function demandFee() external view returns (uint96);

    /// @notice Seconds within which a demand is answered.
    function answerSeconds() external view returns (uint40);
}
