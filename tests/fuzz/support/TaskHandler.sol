// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReputationEpochs} from "../../../contracts/reputation/IReputationEpochs.sol";
import {IReputationLedger} from "../../../contracts/reputation/IReputationLedger.sol";
import {ITaskBoard} from "../../../contracts/tasks/ITaskBoard.sol";
import {Sha256Steps} from "../../../contracts/tasks/Sha256Steps.sol";
import {MarketDeployment} from "./MarketDeployment.sol";

/// @title TaskHandler
/// @notice Walks the task board at random and says beforehand, from its own books alone, what may succeed.
contract TaskHandler is MarketDeployment {
    struct Task {
        ITaskBoard.Terms terms;
        ITaskBoard.State state;
        address provider;
        uint256 postedBlock;
        uint256 timeOfState;
        bool isLate;
        bool isWrong;
        uint256 endings;
    }

    uint256 public constant PRODUCERS = 2;
    uint256 public constant PROVIDERS = 3;
    uint256 public constant FUNDS = 1_000 ether;
    uint16 private constant CAPACITY = 6;
    uint96 private constant MINIMUM_FEE = 10;
    uint32 private constant MINIMUM_DURATION = 10 minutes;
    address private constant WINNER = address(0x3133);
    bytes private constant CONTENT = "what the producer asked for";

    address[] public producers;
    address[] public providers;
    mapping(address provider => uint256 stake) public bookedStake;
    mapping(address provider => bool revoked) public isRevoked;
    mapping(address provider => uint256 holds) public bookedHolds;
    mapping(address provider => uint256 count) public positives;
    mapping(address provider => uint256 count) public negatives;
    /// @notice How many tasks reached a state.
    mapping(ITaskBoard.State state => uint256 count) public reached;

    Task[] private tasks;
    uint256 private clock;
    uint256 private height;

    modifier atPresent(uint256 wait) {
        clock += wait % 6 minutes;
        height += 1 + wait % 3;
        vm.warp(clock);
        vm.roll(height);
        _;
    }

    constructor() {
        (clock, height) = (block.timestamp, block.number);
        if (board.disputes() == address(0)) board.bindDisputes(address(this));
        for (uint256 i; i < PRODUCERS; ++i) {
            producers.push(vm.addr(100 + i));
            admit(producers[i]);
            vm.deal(producers[i], FUNDS);
        }
        for (uint256 i; i < PROVIDERS; ++i) {
            providers.push(vm.addr(200 + i));
            admit(providers[i]);
            vm.deal(providers[i], FUNDS);
            bookedStake[providers[i]] = 20 ether;
            vm.prank(providers[i]);
            board.stake{value: 20 ether}();
            vm.prank(providers[i]);
            board.setOffer(MINIMUM_FEE, MINIMUM_DURATION, CAPACITY);
        }
    }

    /* ACTIONS */

    function stake(uint256 providerDraw, uint256 amount) public atPresent(0) {
        address provider = providerOf(providerDraw);
        amount = amount % 2 ether;
        bool allowed = amount != 0 && !isRevoked[provider] && provider.balance >= amount;
        vm.prank(provider);
        try board.stake{value: amount}() {
            require(allowed, "stake: against the books");
            bookedStake[provider] += amount;
        } catch {
            require(!allowed, "stake: refused against the books");
        }
    }

    function unstake(uint256 providerDraw, uint256 amount) public atPresent(0) {
        address provider = providerOf(providerDraw);
        amount = amount % 2 ether;
        bool allowed = amount != 0 && amount <= bookedStake[provider] && openTasksOf(provider) == 0
            && liabilityOf(provider) == 0 && bookedHolds[provider] == 0;
        vm.prank(provider);
        // 2 ether fit 96 bits.
        try board.unstake(uint96(amount)) {
            require(allowed, "unstake: against the books");
            bookedStake[provider] -= amount;
        } catch {
            require(!allowed, "unstake: refused against the books");
        }
    }

    function hold(uint256 providerDraw, uint256 draw) public atPresent(0) {
        address provider = providerOf(providerDraw);
        // Releases are as many as holds in the end, or nobody would unstake.
        bool isHold = draw % 2 == 0 && bookedHolds[provider] < 3;
        bool allowed = isHold || bookedHolds[provider] != 0;
        vm.prank(board.disputes());
        (bool success,) = address(board).call(
            isHold ? abi.encodeCall(board.hold, (provider)) : abi.encodeCall(board.release, (provider))
        );
        require(success == allowed, "hold: against the books");
        if (!success) return;
        if (isHold) ++bookedHolds[provider];
        else --bookedHolds[provider];
    }

    function slash(uint256 providerDraw, uint256 amount) public atPresent(0) {
        address provider = providerOf(providerDraw);
        // Rarely much, or no provider would stay eligible.
        amount = amount % 16 == 0 ? amount % 1 ether : amount % 0.001 ether;
        uint256 free = bookedStake[provider] - liabilityOf(provider);
        vm.prank(board.disputes());
        uint256 taken = board.slash(provider, uint96(amount), WINNER);
        require(taken == (amount < free ? amount : free), "slash: against the books");
        bookedStake[provider] -= taken;
    }

    function revokeOrReadmit(uint256 providerDraw, uint256 draw) public atPresent(0) {
        address provider = providerOf(providerDraw);
        if (isRevoked[provider]) {
            admit(provider);
        } else {
            // Revocation is the rarer of the two, or no task would ever be assigned.
            if (draw % 8 != 0) return;
            membership.revoke(provider);
        }
        isRevoked[provider] = !isRevoked[provider];
    }

    function post(uint256 seed, uint256 wait) public atPresent(wait) {
        Task storage task = tasks.push();
        uint256 deliverBy = clock + 1 + (seed >> 16) % 2 hours;
        task.terms = ITaskBoard.Terms({
            producer: producers[seed % PRODUCERS],
            promptCommitment: keccak256("prompt"),
            fee: (seed >> 8) % 1 ether,
            deliverBy: uint40(deliverBy),
            closeAt: uint40(deliverBy + (seed >> 32) % 1 hours),
            acceptWindow: uint40((seed >> 48) % 2 hours),
            revealWindow: uint40((seed >> 64) % 2 hours),
            policy: ITaskBoard.SelectionPolicy((seed >> 80) % 4),
            temperature: (seed >> 96) % 4,
            salt: bytes32(tasks.length)
        });
        ITaskBoard.Terms memory terms = task.terms;
        bool allowed = terms.fee != 0 && terms.acceptWindow != 0 && terms.revealWindow != 0
            && (terms.temperature != 0 || terms.policy != ITaskBoard.SelectionPolicy.SoftmaxReputation)
            && terms.producer.balance >= terms.fee;
        vm.prank(terms.producer);
        try board.post{value: terms.fee}(terms) {
            require(allowed, "post: against the books");
            task.postedBlock = height;
            enter(task, ITaskBoard.State.Posted);
        } catch {
            require(!allowed, "post: refused against the books");
            tasks.pop();
        }
    }

    function assign(uint256 index, uint256 providerDraw, uint256 wait) public atPresent(wait) {
        if (tasks.length == 0) return;
        Task storage task = tasks[pick(index, tasks.length)];
        address provider = providerOf(providerDraw);
        bool allowed = task.state == ITaskBoard.State.Posted && clock + MINIMUM_DURATION <= task.terms.deliverBy
            && height > task.postedBlock && height - task.postedBlock <= 256 && !isRevoked[provider]
            && bookedStake[provider] >= MINIMUM_STAKE + liabilityOf(provider) + liabilityFor(task.terms.fee)
            && task.terms.fee >= MINIMUM_FEE
            && openTasksOf(provider) < CAPACITY;
        vm.prank(task.terms.producer);
        try board.assign(task.terms, provider, selectionOf(task, provider), evidence()) {
            require(allowed, "assign: against the books");
            task.provider = provider;
            enter(task, ITaskBoard.State.Assigned);
        } catch {
            require(!allowed, "assign: refused against the books");
        }
    }

    function deliver(uint256 index, uint256 wait) public atPresent(wait) {
        if (tasks.length == 0) return;
        Task storage task = tasks[pick(index, tasks.length)];
        bool allowed = task.state == ITaskBoard.State.Assigned && clock < task.terms.closeAt;
        // The wait is free to draw from, the index has chosen the task.
        if (allowed) task.isWrong = wait % 2 == 1;
        ITaskBoard.Delivery memory delivery = deliveryOf(task);
        vm.prank(task.provider);
        try board.deliver(task.terms, delivery) {
            require(allowed, "deliver: against the books");
            task.isLate = clock > task.terms.deliverBy;
            enter(task, ITaskBoard.State.Delivered);
        } catch {
            require(!allowed, "deliver: refused against the books");
        }
    }

    function accept(uint256 index, uint256 wait) public atPresent(wait) {
        if (tasks.length == 0) return;
        Task storage task = tasks[pick(index, tasks.length)];
        bool allowed = task.state == ITaskBoard.State.Delivered && clock < task.timeOfState + task.terms.acceptWindow;
        vm.prank(task.terms.producer);
        try board.accept(task.terms) {
            require(allowed, "accept: against the books");
            enter(task, ITaskBoard.State.Accepted);
        } catch {
            require(!allowed, "accept: refused against the books");
        }
    }

    function settle(uint256 index, uint256 callerDraw, uint256 wait) public atPresent(wait) {
        if (tasks.length == 0) return;
        Task storage task = tasks[pick(index, tasks.length)];
        address caller = callerDraw % 3 == 0 ? providerOf(callerDraw >> 2) : task.provider;
        bool allowed = task.state == ITaskBoard.State.Accepted && caller == task.provider
            && clock < task.timeOfState + task.terms.revealWindow;
        ITaskBoard.Delivery memory delivery = deliveryOf(task);
        vm.prank(caller);
        try board.settle(task.terms, delivery, keyOf(task)) {
            require(allowed, "settle: against the books");
            if (task.isLate) ++negatives[task.provider];
            else ++positives[task.provider];
            ++task.endings;
            enter(task, ITaskBoard.State.Settled);
        } catch {
            require(!allowed, "settle: refused against the books");
        }
    }

    function complain(uint256 index, bool byProducer, uint256 wait) public atPresent(wait) {
        if (tasks.length == 0) return;
        Task storage task = tasks[pick(index, tasks.length)];
        bool allowed = task.state == ITaskBoard.State.Settled && clock < task.timeOfState + DISPUTE_WINDOW
            && task.isWrong;
        ITaskBoard.Delivery memory delivery = deliveryOf(task);
        vm.prank(byProducer ? task.terms.producer : address(0x3A7C4));
        try board.complain(task.terms, delivery, keyOf(task), evidenceOf(task)) {
            require(allowed, "complain: against the books");
            ++negatives[task.provider];
            bookedStake[task.provider] -= task.terms.fee + DELIVERY_BOND;
            enter(task, ITaskBoard.State.Refunded);
        } catch {
            require(!allowed, "complain: refused against the books");
        }
    }

    function close(uint256 index, bool byProducer, uint256 wait) public atPresent(wait) {
        if (tasks.length == 0) return;
        Task storage task = tasks[pick(index, tasks.length)];
        bool allowed = isClosable(task);
        vm.prank(byProducer ? task.terms.producer : address(0x3A7C4));
        try board.close(task.terms) {
            require(allowed, "close: against the books");
            bool failed = task.state == ITaskBoard.State.Assigned || task.state == ITaskBoard.State.Accepted;
            if (failed) ++negatives[task.provider];
            ++task.endings;
            enter(task, ITaskBoard.State.Closed);
        } catch {
            require(!allowed, "close: refused against the books");
        }
    }

    /// @dev What a task needs next, so that some walks lead far.
    function goOn(uint256 index, uint256 providerDraw) public {
        if (tasks.length == 0) return;
        ITaskBoard.State state = tasks[pick(index, tasks.length)].state;
        if (state == ITaskBoard.State.Posted) assign(index, providerDraw, 1);
        else if (state == ITaskBoard.State.Assigned) deliver(index, 1 + providerDraw % 2);
        else if (state == ITaskBoard.State.Delivered) accept(index, 1);
        else if (state == ITaskBoard.State.Accepted) settle(index, 1, 1);
        else complain(index, true, 1);
    }

    /* BOOKS */

    /// @notice What the board owes: fees of tasks that have not ended, and stakes.
    function owed() external view returns (uint256 sum) {
        for (uint256 i; i < tasks.length; ++i) {
            if (tasks[i].endings == 0) sum += tasks[i].terms.fee;
        }
        for (uint256 i; i < PROVIDERS; ++i) {
            sum += bookedStake[providers[i]];
        }
    }

    function held() external view returns (uint256) {
        return address(board).balance;
    }

    function coins() external view returns (uint256 sum) {
        for (uint256 i; i < PRODUCERS; ++i) {
            sum += producers[i].balance + payouts.creditOf(producers[i]);
        }
        for (uint256 i; i < PROVIDERS; ++i) {
            sum += providers[i].balance;
        }
        return sum + payouts.creditOf(WINNER) + address(board).balance;
    }

    function hasBadTask() external view returns (bool) {
        for (uint256 i; i < tasks.length; ++i) {
            Task storage task = tasks[i];
            (ITaskBoard.State state, address provider,, uint40 timeOfState) = board.stateOf(board.idOf(task.terms));
            if (state != task.state || provider != task.provider || timeOfState != task.timeOfState) return true;
            bool ended = state >= ITaskBoard.State.Settled;
            if (task.endings != (ended ? 1 : 0)) return true;
        }
        return false;
    }

    /// @notice Whether offers, stakes or records differ from the books.
    function hasBadProvider() external view returns (bool) {
        for (uint256 i; i < PROVIDERS; ++i) {
            address provider = providers[i];
            ITaskBoard.Offer memory offer = board.offerOf(provider);
            if (offer.stake != bookedStake[provider] || offer.openTasks != openTasksOf(provider)) return true;
            if (board.liabilityOf(provider) != liabilityOf(provider)) return true;
            uint256 positive;
            uint256 negative;
            for (uint256 j; j < PRODUCERS; ++j) {
                IReputationLedger.Counts memory counts = ledger.countsOf(producers[j], provider);
                positive += counts.recentPositive + counts.olderPositive;
                negative += counts.recentNegative + counts.olderNegative;
            }
            if (positive != positives[provider] || negative != negatives[provider]) return true;
        }
        return false;
    }

    /// @notice Whether a provider has pledged less than what producers may get back.
    function hasUncoveredProvider() external view returns (bool) {
        for (uint256 i; i < PROVIDERS; ++i) {
            if (board.offerOf(providers[i]).stake < board.liabilityOf(providers[i])) return true;
        }
        return false;
    }

    /* HELP */

    function enter(Task storage task, ITaskBoard.State state) private {
        (task.state, task.timeOfState) = (state, clock);
        ++reached[state];
    }

    function isClosable(Task storage task) private view returns (bool) {
        if (task.state == ITaskBoard.State.Posted) return clock > task.terms.deliverBy;
        if (task.state == ITaskBoard.State.Assigned) return clock >= task.terms.closeAt;
        if (task.state == ITaskBoard.State.Delivered) return clock >= task.timeOfState + task.terms.acceptWindow;
        if (task.state == ITaskBoard.State.Accepted) return clock >= task.timeOfState + task.terms.revealWindow;
        return false;
    }

    function openTasksOf(address provider) private view returns (uint256 count) {
        for (uint256 i; i < tasks.length; ++i) {
            if (tasks[i].provider == provider && tasks[i].endings == 0) ++count;
        }
    }

    /// @dev Fee and bond of tasks that are open, or settled in this dispute window or the one before.
    function liabilityOf(address provider) private view returns (uint256 sum) {
        for (uint256 i; i < tasks.length; ++i) {
            Task storage task = tasks[i];
            if (task.provider != provider) continue;
            bool recent = task.state == ITaskBoard.State.Settled
                && clock / DISPUTE_WINDOW <= task.timeOfState / DISPUTE_WINDOW + 1;
            if (task.endings == 0 || recent) sum += liabilityFor(task.terms.fee);
        }
    }

    function liabilityFor(uint256 fee) private pure returns (uint256) {
        return (fee + DELIVERY_BOND + 1 gwei - 1) / 1 gwei * 1 gwei;
    }

    /// @dev There is no epoch yet, so everybody is expected the base rate.
    function selectionOf(Task storage task, address provider)
        private
        view
        returns (ITaskBoard.Selection memory selection)
    {
        selection.candidates = new address[](1);
        selection.candidates[0] = provider;
        if (uint8(task.terms.policy) > uint8(ITaskBoard.SelectionPolicy.HighestReputation)) return selection;
        selection.expectations = new uint256[](1);
        selection.expectations[0] = 0.5e18;
    }

    function evidence() private pure returns (IReputationEpochs.Evidence memory shown) {
        shown.openings = new IReputationEpochs.Opening[](1);
    }

    /// @dev A wrong delivery promises another content than its ciphertext holds.
    function deliveryOf(Task storage task) private view returns (ITaskBoard.Delivery memory) {
        ITaskBoard.Evidence memory unit = evidenceOf(task);
        return ITaskBoard.Delivery({
            hashlock: hashlockOf(keyOf(task)),
            ciphertextRoot: keccak256(abi.encode(unit.index, unit.state, keccak256(unit.chunk))),
            contentHash: task.isWrong ? sha256("something else") : sha256(CONTENT),
            contentSize: uint40(CONTENT.length),
            locator: "ipfs://ciphertext"
        });
    }

    /// @dev The only unit of the content.
    function evidenceOf(Task storage task) private view returns (ITaskBoard.Evidence memory unit) {
        bytes32 key = keyOf(task);
        bytes memory chunk = CONTENT;
        bytes32 mask = keccak256(abi.encode(key, uint256(0), uint256(1)));
        for (uint256 i; i < chunk.length; ++i) {
            chunk[i] ^= mask[i];
        }
        unit.state = Sha256Steps.INITIAL_STATE ^ keccak256(abi.encode(key, uint256(0), uint256(0)));
        unit.chunk = chunk;
    }

    function keyOf(Task storage task) private view returns (bytes32) {
        return keccak256(abi.encode("key", task.terms.salt));
    }

    /// @dev Most draws fall on the last four, which are the likeliest still open.
    function pick(uint256 draw, uint256 length) private pure returns (uint256) {
        if (draw % 8 == 0 || length < 4) return (draw >> 3) % length;
        return length - 1 - (draw >> 3) % 4;
    }

    function providerOf(uint256 draw) private view returns (address) {
        return providers[draw % PROVIDERS];
    }
}
