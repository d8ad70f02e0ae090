// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReputationEpochs} from "../../../contracts/reputation/IReputationEpochs.sol";
import {EpochReference} from "./EpochReference.sol";
import {MarketDeployment} from "./MarketDeployment.sol";

/// @title EpochHandler
/// @notice Publishes right, wrong and hidden epochs at random, with a watcher that lets none of the wrong ones become final.
contract EpochHandler is MarketDeployment, EpochReference {
    enum Kind {
        Right,
        WrongLeaf,
        Missing,
        Disorder
    }

    uint256 public constant OPERATORS = 2;
    uint256 public constant FUNDS = 100 ether;
    address public constant WATCHER = address(0x3A7C4);

    IReputationEpochs.Epoch private last;
    bytes private lastLeaves;
    Kind private kind;
    uint256 private spot;
    IReputationEpochs.Epoch private before;
    bytes private beforeLeaves;
    IReputationEpochs.Epoch private demandedEpoch;
    uint256 private answerBy;
    uint256 private clock;
    /// @notice What happened how often.
    mapping(string step => uint256 count) public reached;

    modifier atPresent(uint256 wait) {
        pass(wait % 3 hours);
        _;
    }

    constructor() {
        clock = block.timestamp;
        for (uint160 i; i < 4; ++i) {
            raters.push(address(0xA000 + i));
        }
        for (uint160 i; i < 3; ++i) {
            subjects.push(address(0xB000 + i));
        }
        admit(WATCHER);
        vm.deal(WATCHER, FUNDS);
        for (uint256 i; i < OPERATORS; ++i) {
            admit(operatorOf(i));
            vm.deal(operatorOf(i), FUNDS);
        }
        beforeLeaves = lastLeaves = abi.encode(new IReputationEpochs.Leaf[](0));
    }

    /* ACTIONS */

    function record(uint256 draw, bool positive, uint256 wait) public atPresent(wait) {
        // The reference counts the whole list for every figure.
        if (interactions.length == 30) return;
        address rater = raters[draw % raters.length];
        address subject = subjects[(draw >> 8) % subjects.length];
        vm.prank(address(board));
        ledger.record(rater, subject, positive, bytes32(draw));
        interactions.push(Interaction(rater, subject, window(), positive));
    }

    function publish(uint256 operatorDraw, uint256 kindDraw, uint256 wait) public atPresent(wait) {
        address operator = operatorOf(operatorDraw);
        (IReputationEpochs.Leaf[] memory leaves, Kind drawn) = drawLeaves(kindDraw);
        uint256 due = last.publisher == operator ? EPOCH_BOND - last.bond : EPOCH_BOND;
        bool allowed = clock % WINDOW_SECONDS < WINDOW_SECONDS / 2 && last.window < window() && operator.balance >= due;
        bytes32 root = rootOf(leaves);
        vm.prank(operator);
        // Windows and leaves are few.
        try epochs.publish{value: due}(last, uint40(window()), root, uint32(leaves.length)) {
            require(allowed, "publish: against the books");
            before = last;
            before.bond = 0;
            beforeLeaves = lastLeaves;
            last = IReputationEpochs.Epoch(
                epochs.hashOf(before), root, uint40(window()), uint32(leaves.length), operator, EPOCH_BOND
            );
            lastLeaves = abi.encode(leaves);
            kind = drawn;
            ++reached["publish"];
        } catch {
            require(!allowed, "publish: refused against the books");
        }
    }

    function withdrawBond(uint256 wait) public atPresent(wait) {
        bool allowed = last.window < window() && last.bond != 0;
        try epochs.withdrawBond(last) {
            require(allowed, "withdraw: against the books");
            last.bond = 0;
            ++reached["withdraw"];
        } catch {
            require(!allowed, "withdraw: refused against the books");
        }
    }

    function demand(uint256 index, uint256 wait) public atPresent(wait) {
        // The books hold one demand at a time.
        if (answerBy != 0) return;
        bool allowed = isPending() && index < last.leaves && WINDOW_SECONDS - clock % WINDOW_SECONDS > 2 * ANSWER_SECONDS;
        vm.prank(WATCHER);
        try epochs.demand{value: EPOCH_BOND / 100}(last, index) {
            require(allowed, "demand: against the books");
            (answerBy, spot) = (clock + ANSWER_SECONDS, index);
            demandedEpoch = last;
            ++reached["demand"];
        } catch {
            require(!allowed, "demand: refused against the books");
        }
    }

    function demandAny(uint256 draw, uint256 wait) public {
        if (last.leaves != 0) demand(draw % last.leaves, wait);
    }

    function answer(uint256 wait) public atPresent(wait) {
        if (answerBy == 0 || last.leaves == 0) return;
        bool allowed = isPending() && isDemanded() && clock < answerBy;
        IReputationEpochs.OpenedLeaf memory shown = opened(leavesIn(lastLeaves), isDemanded() ? spot : 0);
        vm.prank(operatorOf(0));
        try epochs.answer(last, shown) {
            require(allowed, "answer: against the books");
            answerBy = 0;
            ++reached["answer"];
        } catch {
            require(!allowed, "answer: refused against the books");
        }
    }

    function proveUnanswered(uint256 wait) public atPresent(wait) {
        if (answerBy == 0) return;
        bool allowed = isPending() && isDemanded() && clock >= answerBy;
        vm.prank(WATCHER);
        try epochs.proveUnanswered(demandedEpoch, spot) {
            require(allowed, "unanswered: against the books");
            answerBy = 0;
            voided("unanswered");
        } catch {
            require(!allowed, "unanswered: refused against the books");
        }
    }

    function reclaimFee(uint256 wait) public atPresent(wait) {
        if (answerBy == 0) return;
        bool allowed = clock >= answerBy && !(isPending() && isDemanded());
        bytes32 epochHash = epochs.hashOf(demandedEpoch);
        vm.prank(WATCHER);
        try epochs.reclaimFee(epochHash, spot) {
            require(allowed, "reclaim: against the books");
            answerBy = 0;
            ++reached["reclaim"];
        } catch {
            require(!allowed, "reclaim: refused against the books");
        }
    }

    /// @dev What is right cannot be proved wrong, by no leaf and no absence.
    function accuse(uint256 draw, uint256 wait) public atPresent(wait) {
        if (kind != Kind.Right || last.leaves == 0 || !isPending()) return;
        IReputationEpochs.Leaf[] memory leaves = leavesIn(lastLeaves);
        uint256 index = draw % leaves.length;
        IReputationEpochs.OpenedLeaf[] memory around = new IReputationEpochs.OpenedLeaf[](1);
        around[0] = opened(leaves, index);
        address rater = raters[(draw >> 8) % raters.length];
        address subject = subjects[(draw >> 16) % subjects.length];
        vm.startPrank(WATCHER);
        try epochs.proveWrong(last, around[0], rater) {
            revert("a right leaf was proved wrong");
        } catch {}
        try epochs.proveMissing(last, rater, subject, around) {
            revert("a leaf that is there was missing");
        } catch {}
        vm.stopPrank();
        ++reached["accuse"];
    }

    /// @dev What a task's selection is checked against: of the latest final epoch, and nothing else.
    function expect(uint256 draw, uint256 off, uint256 wait) public atPresent(wait) {
        bool headIsFinal = !isPending();
        IReputationEpochs.Evidence memory evidence;
        evidence.epoch = headIsFinal ? last : before;
        if (!headIsFinal) evidence.pending = last;
        IReputationEpochs.Leaf[] memory leaves = leavesIn(headIsFinal ? lastLeaves : beforeLeaves);
        address rater = raters[draw % raters.length];
        address[] memory candidates = new address[](1);
        candidates[0] = subjects[(draw >> 8) % subjects.length];
        uint256[] memory expectations = new uint256[](1);
        evidence.openings = new IReputationEpochs.Opening[](1);
        (expectations[0], evidence.openings[0]) = expectedOf(leaves, evidence.epoch.window, rater, candidates[0]);
        off = off % 2;
        expectations[0] += off;
        try epochs.requireExpectations(evidence, rater, candidates, expectations) {
            require(off == 0, "expect: against the books");
        } catch {
            require(off != 0, "expect: refused against the books");
        }
        ++reached["expect"];
    }

    function pass(uint256 wait) public {
        wait = wait % (WINDOW_SECONDS / 2);
        // The watcher lets no window end with a wrong epoch.
        if (isPending() && kind != Kind.Right && (clock + wait) / WINDOW_SECONDS != window()) watch();
        clock += wait;
        vm.warp(clock);
    }

    /// @dev Proves the pending epoch wrong if it is.
    function watch() public {
        if (!isPending() || kind == Kind.Right) return;
        IReputationEpochs.Leaf[] memory leaves = leavesIn(lastLeaves);
        uint256 index = faultIn(leaves);
        vm.startPrank(WATCHER);
        if (kind == Kind.WrongLeaf) {
            epochs.proveWrong(last, opened(leaves, index), address(0));
        } else if (kind == Kind.Disorder) {
            epochs.proveDisorder(last, opened(leaves, index), opened(leaves, index + 1));
        } else {
            IReputationEpochs.Leaf memory gone = leavesOf(window())[index];
            epochs.proveMissing(last, gone.rater, gone.subject, aroundGap(leaves, index));
        }
        vm.stopPrank();
        voided("proof");
    }

    /* BOOKS */

    function owed() external view returns (uint256) {
        return last.bond + (answerBy == 0 ? 0 : EPOCH_BOND / 100);
    }

    function held() external view returns (uint256) {
        return address(epochs).balance;
    }

    function coins() external view returns (uint256 sum) {
        sum = WATCHER.balance + TREASURY.balance + address(epochs).balance;
        for (uint256 i; i < OPERATORS; ++i) {
            sum += operatorOf(i).balance;
        }
    }

    function isHead() external view returns (bool) {
        return epochs.head() == epochs.hashOf(last);
    }

    /// @notice Whether a final epoch holds anything but what a plain count gives.
    function hasWrongFinalEpoch() external view returns (bool) {
        return differs(before) || (!isPending() && differs(last));
    }

    /* HELP */

    function drawLeaves(uint256 draw) private view returns (IReputationEpochs.Leaf[] memory leaves, Kind drawn) {
        leaves = leavesOf(window());
        if (leaves.length < 2) return (leaves, Kind.Right);
        drawn = Kind(draw % 8 < 4 ? draw % 8 : 0);
        uint256 index = (draw >> 8) % (leaves.length - 1);
        if (drawn == Kind.WrongLeaf) ++leaves[index].expectation;
        if (drawn == Kind.Disorder) (leaves[index], leaves[index + 1]) = (leaves[index + 1], leaves[index]);
        if (drawn == Kind.Missing) {
            IReputationEpochs.Leaf[] memory fewer = new IReputationEpochs.Leaf[](leaves.length - 1);
            for (uint256 i; i < fewer.length; ++i) {
                fewer[i] = leaves[i < index ? i : i + 1];
            }
            leaves = fewer;
        }
    }

    /// @dev First place at which the leaves differ from the right ones.
    function faultIn(IReputationEpochs.Leaf[] memory leaves) private view returns (uint256 index) {
        IReputationEpochs.Leaf[] memory right = leavesOf(window());
        while (index < leaves.length && keccak256(abi.encode(leaves[index])) == keccak256(abi.encode(right[index]))) {
            ++index;
        }
    }

    function aroundGap(IReputationEpochs.Leaf[] memory leaves, uint256 index)
        private
        pure
        returns (IReputationEpochs.OpenedLeaf[] memory around)
    {
        bool hasBoth = index != 0 && index < leaves.length;
        around = new IReputationEpochs.OpenedLeaf[](hasBoth ? 2 : 1);
        around[0] = opened(leaves, index == 0 ? 0 : index - 1);
        if (hasBoth) around[1] = opened(leaves, index);
    }

    function expectedOf(IReputationEpochs.Leaf[] memory leaves, uint256 of_, address rater, address candidate)
        private
        view
        returns (uint256 expectation, IReputationEpochs.Opening memory opening)
    {
        if (!knows(rater, candidate, of_)) rater = address(0);
        for (uint256 i; i < leaves.length; ++i) {
            if (leaves[i].rater != rater || leaves[i].subject != candidate) continue;
            opening = IReputationEpochs.Opening(i, detailsOf(leaves[i]), opened(leaves, i).path);
            return (leaves[i].expectation, opening);
        }
        return (0.5e18, opening);
    }

    function voided(string memory step) private {
        last = before;
        lastLeaves = beforeLeaves;
        kind = Kind.Right;
        ++reached[step];
    }

    function differs(IReputationEpochs.Epoch memory epoch) private view returns (bool) {
        return epoch.window != 0 && epoch.root != rootOf(leavesOf(epoch.window));
    }

    function isPending() private view returns (bool) {
        return last.window == window();
    }

    function isDemanded() private view returns (bool) {
        return epochs.hashOf(demandedEpoch) == epochs.hashOf(last);
    }

    function leavesIn(bytes memory data) private pure returns (IReputationEpochs.Leaf[] memory) {
        return abi.decode(data, (IReputationEpochs.Leaf[]));
    }

    function window() private view returns (uint256) {
        return clock / WINDOW_SECONDS;
    }

    function operatorOf(uint256 draw) private pure returns (address) {
        return address(uint160(0xC000 + draw % OPERATORS));
    }
}
