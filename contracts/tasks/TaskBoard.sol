// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberContext} from "../identity/MemberContext.sol";
import {Roles} from "../identity/Roles.sol";
import {Payments} from "../payments/Payments.sol";
import {IReputationEpochs} from "../reputation/IReputationEpochs.sol";
import {IReputationLedger} from "../reputation/IReputationLedger.sol";
import {DeliveryVerifier} from "./DeliveryVerifier.sol";
import {ITaskBoard} from "./ITaskBoard.sol";
import {TaskSelections} from "./TaskSelections.sol";
import {TaskStakes} from "./TaskStakes.sol";

/// @title TaskBoard
/// @notice Generation tasks with the fee in escrow, see {ITaskBoard}.
contract TaskBoard is ITaskBoard, TaskStakes {
    /// @dev What is known of a task beyond its terms, one word:
    ///
    ///     8 bits | 40          | 40          | 160      | 8
    ///     late   | timeOfState | postedBlock | provider | state
    struct Task {
        State state;
        address provider;
        uint40 postedBlock;
        uint40 timeOfState;
        bool isLate;
    }

    /// @dev Longest accept or reveal window: a provider's stake is bound while a task is open, so it must end.
    uint256 private constant MAXIMUM_WINDOW = 30 days;
    uint256 private constant MAXIMUM_LOCATOR_LENGTH = 256;

    /// @notice Where outcomes are recorded.
    IReputationLedger public immutable ledger;
    /// @notice Where the reputations are published that selections go by.
    IReputationEpochs public immutable epochs;
    /// @notice Who judges complaints about deliveries.
    DeliveryVerifier public immutable verifier;

    mapping(bytes32 taskId => Task task) private _tasks;
    mapping(bytes32 taskId => bytes32 deliveryHash) private _deliveries;

    constructor(
        address membership_,
        address forwarder,
        address payouts_,
        address ledger_,
        address epochs_,
        uint96 minimumStake_,
        uint96 deliveryBond_,
        uint40 disputeWindow_
    ) MemberContext(membership_, forwarder) TaskStakes(payouts_, minimumStake_, deliveryBond_, disputeWindow_) {
        ledger = IReputationLedger(ledger_);
        epochs = IReputationEpochs(epochs_);
        verifier = new DeliveryVerifier();
    }

    /* TASK */

    /// @inheritdoc ITaskBoard
    function post(Terms calldata terms) external payable returns (bytes32 taskId) {
        // Check: the caller asks for itself, and the terms can be fulfilled and are new.
        _requireRole(Roles.PRODUCER);
        _requireProducer(terms);
        _requireFit(terms);
        taskId = _idOf(terms);
        State state = _tasks[taskId].state;
        require(state == State.None, TaskBoard_AlreadyExists(taskId, state));

        // Effect: the task is posted; the fee has come with the call. Block numbers and times fit 40 bits.
        _tasks[taskId] = Task({
            state: State.Posted,
            provider: address(0),
            postedBlock: uint40(block.number),
            timeOfState: uint40(block.timestamp),
            isLate: false
        });
        emit TaskPosted(taskId, terms.producer, terms);
    }

    /// @inheritdoc ITaskBoard
    function assign(
        Terms calldata terms,
        address provider,
        Selection calldata selection,
        IReputationEpochs.Evidence calldata evidence
    ) external {
        // Check: the producer assigns its posted task, by a seed it could not choose, within the provider's offer.
        _requireProducer(terms);
        (bytes32 taskId, Task memory task) = _requireState(terms, State.Posted);
        require(block.timestamp <= terms.deliverBy, TaskBoard_TooLate(terms.deliverBy, block.timestamp));
        bytes32 seed = TaskSelections.seedOf(taskId, task.postedBlock);
        TaskSelections.requireSelected(terms, provider, selection, evidence, epochs, seed);
        // A producer cannot rate itself, so it cannot work for itself either.
        require(provider != terms.producer, TaskBoard_SelfAssignment(provider));

        // Check and effect: the provider takes on one more task and answers for it with its stake.
        _takeOn(provider, terms.fee, terms.deliverBy - block.timestamp);
        task.provider = provider;
        _advance(taskId, task, State.Assigned);
        emit TaskAssigned(taskId, provider, seed, selection);
    }

    /// @inheritdoc ITaskBoard
    function deliver(Terms calldata terms, Delivery calldata delivery) external {
        // Check: the assigned provider delivers something that can be paid against a key, before it counts as failed.
        (bytes32 taskId, Task memory task) = _requireState(terms, State.Assigned);
        _requireProvider(task);
        require(block.timestamp < terms.closeAt, TaskBoard_TooLate(terms.closeAt, block.timestamp));
        require(delivery.hashlock != 0, TaskBoard_ZeroHashlock());
        require(delivery.contentSize != 0, TaskBoard_ZeroSize());
        uint256 length = bytes(delivery.locator).length;
        require(length <= MAXIMUM_LOCATOR_LENGTH, TaskBoard_LocatorTooLong(length, MAXIMUM_LOCATOR_LENGTH));

        // Effect: the provider is bound to what it delivered and to when.
        _deliveries[taskId] = keccak256(abi.encode(delivery));
        task.isLate = block.timestamp > terms.deliverBy;
        _advance(taskId, task, State.Delivered);
        emit TaskDelivered(taskId, task.provider, task.timeOfState, delivery);
    }

    /// @inheritdoc ITaskBoard
    function accept(Terms calldata terms) external {
        // Check: the producer accepts its delivered task in time.
        _requireProducer(terms);
        (bytes32 taskId, Task memory task) = _requireState(terms, State.Delivered);
        _requireBefore(task.timeOfState + terms.acceptWindow);

        // Effect: the fee is the provider's as soon as it shows the key.
        _advance(taskId, task, State.Accepted);
        emit TaskAccepted(taskId, task.timeOfState);
    }

    /// @inheritdoc ITaskBoard
    function settle(Terms calldata terms, Delivery calldata delivery, bytes32 preimage) external {
        // Check: the assigned provider shows the key of what was accepted, in time.
        (bytes32 taskId, Task memory task) = _requireState(terms, State.Accepted);
        _requireProvider(task);
        _requireBefore(task.timeOfState + terms.revealWindow);
        _requireDelivered(taskId, delivery, preimage);

        // Effect: the task is settled; the stake answers for it until the dispute window ends.
        Outcome outcome = task.isLate ? Outcome.Late : Outcome.OnTime;
        _advance(taskId, task, State.Settled);
        _retireWork(task.provider, terms.fee);
        emit TaskSettled(taskId, task.provider, outcome, preimage, terms.fee);

        // Interaction: the producer rates the provider, the provider is paid.
        ledger.record(terms.producer, task.provider, outcome == Outcome.OnTime, taskId);
        Payments.payCaller(task.provider, terms.fee);
    }

    /// @inheritdoc ITaskBoard
    function complain(
        Terms calldata terms,
        Delivery calldata delivery,
        bytes32 preimage,
        Evidence calldata evidence
    ) external {
        // Check: what was paid for is shown, in time, to be something else than promised.
        (bytes32 taskId, Task memory task) = _requireState(terms, State.Settled);
        uint40 settledAt = task.timeOfState;
        _requireBefore(settledAt + disputeWindow);
        _requireDelivered(taskId, delivery, preimage);
        require(
            verifier.refutes(delivery, preimage, evidence), TaskBoard_DeliveryIsRight(taskId, evidence.index)
        );

        // Effect: the task is refunded for good, out of the stake.
        _advance(taskId, task, State.Refunded);
        _compensate(task.provider, terms.fee, settledAt);
        emit TaskRefunded(taskId, task.provider, evidence.index, terms.fee, deliveryBond);

        // Interaction: the producer rates the provider and is paid, whoever calls.
        ledger.record(terms.producer, task.provider, false, taskId);
        _payProducer(terms, terms.fee + deliveryBond);
    }

    /// @inheritdoc ITaskBoard
    function close(Terms calldata terms) external {
        // Check: the task did not go on in time.
        bytes32 taskId = _idOf(terms);
        Task memory task = _tasks[taskId];
        (uint40 closableAt, Outcome outcome) = _closing(terms, taskId, task);
        require(block.timestamp >= closableAt, TaskBoard_TooEarly(closableAt, block.timestamp));

        // Effect: the task is closed for good.
        _advance(taskId, task, State.Closed);
        if (task.provider != address(0)) _dropWork(task.provider, terms.fee);
        emit TaskClosed(taskId, task.provider, outcome, terms.fee);

        // Interaction: the producer rates a provider that failed, and gets the fee back, whoever calls.
        if (outcome == Outcome.Failed) ledger.record(terms.producer, task.provider, false, taskId);
        _payProducer(terms, terms.fee);
    }

    /* VIEWS */

    /// @inheritdoc ITaskBoard
    function stateOf(bytes32 taskId)
        external
        view
        returns (State state, address provider, uint40 postedBlock, uint40 timeOfState)
    {
        Task memory task = _tasks[taskId];
        return (task.state, task.provider, task.postedBlock, task.timeOfState);
    }

    /// @inheritdoc ITaskBoard
    function idOf(Terms calldata terms) external view returns (bytes32) {
        return _idOf(terms);
    }

    /* INTERNAL */

    /// @dev Moves a task on. Times fit 40 bits.
    function _advance(bytes32 taskId, Task memory task, State state) private {
        task.state = state;
        task.timeOfState = uint40(block.timestamp);
        _tasks[taskId] = task;
    }

    function _payProducer(Terms calldata terms, uint256 amount) private {
        if (_msgSender() == terms.producer) Payments.payCaller(terms.producer, amount);
        else Payments.payOrCredit(payouts, terms.producer, amount);
    }

    /// @dev From when a task may be closed, and what that says about its provider. Nobody but the provider holds up an
    /// assigned or an accepted task; a delivery that was not accepted may be either side's fault.
    function _closing(Terms calldata terms, bytes32 taskId, Task memory task)
        private
        pure
        returns (uint40 closableAt, Outcome outcome)
    {
        if (task.state == State.Posted) return (terms.deliverBy + 1, Outcome.None);
        if (task.state == State.Assigned) return (terms.closeAt, Outcome.Failed);
        if (task.state == State.Delivered) return (task.timeOfState + terms.acceptWindow, Outcome.NotAccepted);
        if (task.state == State.Accepted) return (task.timeOfState + terms.revealWindow, Outcome.Failed);
        revert TaskBoard_WrongState(taskId, task.state, State.Posted);
    }

    /// @dev The last check makes every later sum of times fit 40 bits, so that no task is stuck on an overflow.
    function _requireFit(Terms calldata terms) private view {
        require(terms.fee != 0, TaskBoard_ZeroFee());
        require(msg.value == terms.fee, TaskBoard_ValueMismatch(msg.value, terms.fee));
        require(
            block.timestamp < terms.deliverBy && terms.deliverBy <= terms.closeAt
                && terms.closeAt <= type(uint40).max - 2 * MAXIMUM_WINDOW,
            TaskBoard_BadTimes(terms.deliverBy, terms.closeAt, block.timestamp)
        );
        require(
            terms.acceptWindow != 0 && terms.acceptWindow <= MAXIMUM_WINDOW && terms.revealWindow != 0
                && terms.revealWindow <= MAXIMUM_WINDOW,
            TaskBoard_BadWindows(terms.acceptWindow, terms.revealWindow)
        );
        require(
            terms.policy != SelectionPolicy.SoftmaxReputation || terms.temperature != 0,
            TaskBoard_BadTemperature(terms.temperature)
        );
    }

    function _requireState(Terms calldata terms, State required)
        private
        view
        returns (bytes32 taskId, Task memory task)
    {
        taskId = _idOf(terms);
        task = _tasks[taskId];
        require(task.state == required, TaskBoard_WrongState(taskId, task.state, required));
    }

    /// @dev The delivery is the one on record, and the key opens its lock.
    function _requireDelivered(bytes32 taskId, Delivery calldata delivery, bytes32 preimage) private view {
        require(keccak256(abi.encode(delivery)) == _deliveries[taskId], TaskBoard_DeliveryMismatch(taskId));
        require(sha256(abi.encode(preimage)) == delivery.hashlock, TaskBoard_WrongPreimage(taskId));
    }

    function _requireProducer(Terms calldata terms) private view {
        address caller = _msgSender();
        require(caller == terms.producer, TaskBoard_NotProducer(caller, terms.producer));
    }

    function _requireProvider(Task memory task) private view {
        address caller = _msgSender();
        require(caller == task.provider, TaskBoard_NotAssignedProvider(caller, task.provider));
    }

    function _requireBefore(uint40 limit) private view {
        require(block.timestamp < limit, TaskBoard_TooLate(limit, block.timestamp));
    }

    /// @dev `keccak256(abi.encode(block.chainid, address(this), terms))`, without looking at each field: terms with bits
    /// beyond a field's width are another task, which {post} refuses when it reads them.
    function _idOf(Terms calldata terms) private view returns (bytes32 taskId) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, chainid())
            mstore(add(free, 32), address())
            calldatacopy(add(free, 64), terms, 320)
            taskId := keccak256(free, 384)
        }
    }
}
