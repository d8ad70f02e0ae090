// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITaskBoard} from "../../contracts/tasks/ITaskBoard.sol";
import {ForgeTest} from "./support/ForgeTest.sol";
import {TaskHandler} from "./support/TaskHandler.sol";

/// @notice What holds after any sequence of tasks, stakes and revocations.
contract TaskBoardInvariantsTest is ForgeTest {
    TaskHandler private handler;

    function setUp() public {
        handler = new TaskHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// forge-config: default.invariant.depth = 100
    function invariant_boardHoldsExactlyFeesAndStakes() public view {
        assertEq(handler.held(), handler.owed(), "fees of open tasks and stakes");
    }

    /// forge-config: default.invariant.depth = 100
    function invariant_coinsAreConserved() public view {
        uint256 total = (handler.PRODUCERS() + handler.PROVIDERS()) * handler.FUNDS();
        assertEq(handler.coins(), total, "coins neither appear nor vanish");
    }

    /// forge-config: default.invariant.depth = 100
    function invariant_everyTaskEndsAtMostOnce() public view {
        assertTrue(!handler.hasBadTask(), "ends once, and as the board says");
    }

    /// forge-config: default.invariant.depth = 100
    function invariant_openTasksAndRecordsAddUp() public view {
        assertTrue(!handler.hasBadProvider(), "offers and records are those of the tasks");
    }

    /// forge-config: default.invariant.depth = 100
    function invariant_stakesCoverWhatProducersMayGetBack() public view {
        assertTrue(!handler.hasUncoveredProvider(), "no complaint falls short");
    }

    /// @dev The invariants would hold of a walk that never gets anywhere, too.
    function test_walkReachesEveryState() public {
        for (uint256 i; i < 900; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            walk(seed % 19, seed >> 8, seed >> 72, seed >> 136);
        }
        for (uint8 state = uint8(ITaskBoard.State.Posted); state <= uint8(ITaskBoard.State.Refunded); ++state) {
            assertLe(1, handler.reached(ITaskBoard.State(state)), "a state was never reached");
        }
    }

    function walk(uint256 action, uint256 first, uint256 second, uint256 third) private {
        if (action == 0) handler.stake(first, second);
        else if (action == 1) handler.unstake(first, second);
        else if (action == 2) handler.revokeOrReadmit(first, second);
        else if (action == 3) handler.close(first, second % 2 == 0, third);
        else if (action == 4) handler.assign(first, second, third);
        else if (action == 5) handler.deliver(first, second);
        else if (action == 6) handler.accept(first, second);
        else if (action == 7) handler.settle(first, second, third);
        else if (action == 8) handler.hold(first, second);
        else if (action == 9) handler.slash(first, second);
        else if (action == 10) handler.complain(first, second % 2 == 0, third);
        else if (action < 14) handler.post(first, second);
        else handler.goOn(first, second);
    }
}
