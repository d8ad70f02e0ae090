// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IReputationEpochs} from "../reputation/IReputationEpochs.sol";
import {ITaskStakes} from "./ITaskStakes.sol";

/// @title ITaskBoard
/// @notice Generation tasks between producers and staked edge service providers (ESPs), with a guarantee for both sides:
/// the fee is in escrow before work begins, it is paid only against the key that decrypts the delivered content, and
/// it comes back with a bond out of the provider's stake if the key opens anything else.
/// @dev
///     post -> assign -> deliver -> accept -> settle -> (refund, within the dispute window, on proof)
///      |        |          |          |
///      +--------+----------+----------+----> close after the matching time limit: fee back, outcome recorded
///
/// The provider consents to being assigned through its offer (least fee, least time, capacity). Delivery commits to
/// the hashlock of the content key, to the ciphertext and to the content; the producer accepts once it holds the ciphertext.
/// After settlement whoever decrypts something else than the content promised shows one chunk of it, see {DeliveryProofs}.
interface ITaskBoard is ITaskStakes {
    enum State {
        None,
        Posted,
        Assigned,
        Delivered,
        Accepted,
        Settled,
        Closed,
        Refunded
    }

    enum SelectionPolicy {
        SoftmaxReputation,
        HighestReputation,
        Uniform,
        Direct
    }

    enum Outcome {
        None,
        OnTime,
        Late,
        Failed,
        NotAccepted,
        Refuted
    }

    /// @notice The terms of a task.
    /// @param producer Who asks and pays.
    /// @param promptCommitment keccak256 of the prompt and a salt.
    /// @param fee Fee in wei.
    /// @param deliverBy Last second of an on-time delivery.
    /// @param closeAt First second in which an undelivered task may be closed as failed; a delivery between is late.
    /// @param acceptWindow Seconds from delivery in which the producer accepts.
    /// @param revealWindow Seconds from acceptance in which the provider settles.
    /// @param policy How the provider is selected.
    /// @param temperature Softmax temperature, 1e18 fixed point; used by SoftmaxReputation only.
    /// @param salt Makes equal terms distinct.
    struct Terms {
        address producer;
        bytes32 promptCommitment;
        uint256 fee;
        uint40 deliverBy;
        uint40 closeAt;
        uint40 acceptWindow;
        uint40 revealWindow;
        SelectionPolicy policy;
        uint256 temperature;
        bytes32 salt;
    }

    /// @notice The inputs of a selection, recorded so that anyone can recompute it.
    /// @param candidates Providers that were considered, strictly ascending by address.
    /// @param expectations Expected trust of each candidate, 1e18 fixed point, as the epoch says; none where the policy
    /// does not ask for it.
    /// @param epoch Window of that reputation epoch, zero for the one before all others.
    struct Selection {
        address[] candidates;
        uint256[] expectations;
        uint40 epoch;
    }

    /// @notice What a provider commits to on delivery.
    /// @param hashlock sha256 of the 32-byte content key.
    /// @param ciphertextRoot Merkle root over the encrypted units, see {DeliveryProofs}.
    /// @param contentHash sha256 of the canonical plaintext: the token id if it is registered.
    /// @param contentSize Bytes of the canonical plaintext.
    /// @param locator Where the ciphertext is, at most 256 bytes.
    struct Delivery {
        bytes32 hashlock;
        bytes32 ciphertextRoot;
        bytes32 contentHash;
        uint40 contentSize;
        string locator;
    }

    /// @notice One step of a delivery that is wrong: a unit and the state in the next one.
    /// @param index Place of the chunk, from 0.
    /// @param state Encrypted state of the unit.
    /// @param chunk Encrypted chunk of the unit.
    /// @param proof Merkle path of the unit.
    /// @param nextState Encrypted state of the next unit; unused for the last chunk, as are the two after it.
    /// @param nextChunkHash keccak256 of the encrypted chunk of the next unit.
    /// @param nextProof Merkle path of the next unit.
    struct Evidence {
        uint256 index;
        bytes32 state;
        bytes chunk;
        bytes32[] proof;
        bytes32 nextState;
        bytes32 nextChunkHash;
        bytes32[] nextProof;
    }

    event TaskPosted(bytes32 indexed taskId, address indexed producer, Terms terms);
    event TaskAssigned(bytes32 indexed taskId, address indexed provider, bytes32 seed, Selection selection);
    event TaskDelivered(bytes32 indexed taskId, address indexed provider, uint40 deliveredAt, Delivery delivery);
    event TaskAccepted(bytes32 indexed taskId, uint40 acceptedAt);
    event TaskSettled(bytes32 indexed taskId, address indexed provider, Outcome outcome, bytes32 preimage, uint256 fee);
    event TaskClosed(bytes32 indexed taskId, address indexed provider, Outcome outcome, uint256 refund);
    event TaskRefunded(bytes32 indexed taskId, address indexed provider, uint256 chunk, uint256 fee, uint96 bond);

    error TaskBoard_NotProducer(address caller, address producer);
    error TaskBoard_NotAssignedProvider(address caller, address provider);
    error TaskBoard_ZeroFee();
    error TaskBoard_ValueMismatch(uint256 sent, uint256 required);
    error TaskBoard_BadTimes(uint40 deliverBy, uint40 closeAt, uint256 blockTimestamp);
    error TaskBoard_BadWindows(uint40 acceptWindow, uint40 revealWindow);
    error TaskBoard_BadTemperature(uint256 temperature);
    error TaskBoard_AlreadyExists(bytes32 taskId, State state);
    error TaskBoard_WrongState(bytes32 taskId, State state, State required);
    error TaskBoard_SeedNotReady(uint256 postedBlock, uint256 blockNumber);
    error TaskBoard_SeedExpired(uint256 postedBlock, uint256 blockNumber);
    error TaskBoard_NotCandidate(address provider);
    error TaskBoard_BadSelection();
    error TaskBoard_NotSelected(address provider, address selected);
    error TaskBoard_SelfAssignment(address producer);
    error TaskBoard_ZeroHashlock();
    error TaskBoard_ZeroSize();
    error TaskBoard_LocatorTooLong(uint256 length, uint256 maximum);
    error TaskBoard_TooLate(uint40 limit, uint256 blockTimestamp);
    error TaskBoard_TooEarly(uint40 limit, uint256 blockTimestamp);
    error TaskBoard_DeliveryMismatch(bytes32 taskId);
    error TaskBoard_WrongPreimage(bytes32 taskId);
    error TaskBoard_NoSuchChunk(uint256 index, uint256 chunks);
    error TaskBoard_ChunkLength(uint256 length, uint256 required);
    error TaskBoard_NotDelivered(uint256 index);
    error TaskBoard_DeliveryIsRight(bytes32 taskId, uint256 index);

    /// @notice Posts a task with its fee.
    /// @dev Requirements: caller is an active producer and `terms.producer`; value equals a fee above zero;
    /// now < deliverBy <= closeAt; windows from a second to 30 days, so that nobody can hold a provider's stake for good;
    /// temperature above zero for SoftmaxReputation.
    function post(Terms calldata terms) external payable returns (bytes32 taskId);

    /// @notice Assigns the provider that the policy selected; the seed is keccak256(taskId, hash of the posting block).
    /// @dev Requirements: caller is the producer; posted in an earlier block, at most 256 ago; candidates ascending, provider
    /// among them; for the two policies by reputation, expectations that the evidence shows to be those of the latest final
    /// epoch, and for the others none; for HighestReputation and Uniform, the provider that the policy selects (the draw of
    /// SoftmaxReputation is recomputed off chain); provider another account, eligible, within its offer and capacity, its
    /// stake covers fee and bond; not after `deliverBy`.
    function assign(
        Terms calldata terms,
        address provider,
        Selection calldata selection,
        IReputationEpochs.Evidence calldata evidence
    ) external;

    /// @notice Commits to the delivered content. Requirements: caller is the assigned provider; before `closeAt`.
    function deliver(Terms calldata terms, Delivery calldata delivery) external;

    /// @notice Confirms possession of the ciphertext. Requirements: caller is the producer; within the accept window.
    function accept(Terms calldata terms) external;

    /// @notice Reveals the key and pays the fee to the provider; records OnTime or Late.
    /// @dev Requirements: caller is the assigned provider; accepted; within the reveal window; delivery as committed; preimage matches.
    function settle(Terms calldata terms, Delivery calldata delivery, bytes32 preimage) external;

    /// @notice Refunds the fee with the bond out of the provider's stake to the producer, on proof that the key opened something
    /// else than the content promised; records it against the provider. Callable by anyone, pays the producer.
    /// @dev Requirements: settled, within the dispute window; delivery as committed; preimage matches; the chunk is the
    /// delivery's and its step is wrong.
    function complain(
        Terms calldata terms,
        Delivery calldata delivery,
        bytes32 preimage,
        Evidence calldata evidence
    ) external;

    /// @notice Ends a task that did not go on in time and returns the fee; callable by anyone.
    /// @dev Not assigned by `deliverBy`: no record. Not delivered by `closeAt`, or accepted and not settled in the reveal
    /// window: Failed, a negative record. Delivered and not accepted in time: NotAccepted, no record.
    function close(Terms calldata terms) external;

    /// @notice State word of a task.
    function stateOf(bytes32 taskId)
        external
        view
        returns (State state, address provider, uint40 postedBlock, uint40 timeOfState);

    /// @notice Id of a task: hash of chain, contract and terms.
    function idOf(Terms calldata terms) external view returns (bytes32);
}
