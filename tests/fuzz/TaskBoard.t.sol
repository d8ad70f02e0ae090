// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReputationEpochs} from "../../contracts/reputation/IReputationEpochs.sol";
import {ITaskBoard} from "../../contracts/tasks/ITaskBoard.sol";
import {ReenteringAccount} from "./mocks/ForeignTokens.sol";
import {MarketDeployment} from "./support/MarketDeployment.sol";

/// @notice When a task's provider may be assigned, and what a provider can do while it is paid.
contract TaskBoardTest is MarketDeployment {
    address private constant PRODUCER = address(0xA11CE);
    bytes32 private constant KEY = keccak256("key");

    function setUp() public {
        admit(PRODUCER);
        vm.deal(PRODUCER, 10 ether);
    }

    /// @dev In the block of the posting the producer would know the seed before it posts.
    function testFuzz_assignedOnlyWhileTheSeedIsThere(uint16 age) public {
        address provider = readyProvider(address(0xB0B));
        ITaskBoard.Terms memory terms = post();
        uint256 postedBlock = block.number;
        // Half of the runs fall on the blocks that matter.
        uint256 present = postedBlock + (age % 4 == 0 ? 0 : age % 4 == 1 ? 256 : age % 4 == 2 ? 257 : age);
        vm.roll(present);
        if (present == postedBlock) {
            vm.expectRevert(
                abi.encodeWithSelector(ITaskBoard.TaskBoard_SeedNotReady.selector, postedBlock, present)
            );
        } else if (present > postedBlock + 256) {
            vm.expectRevert(
                abi.encodeWithSelector(ITaskBoard.TaskBoard_SeedExpired.selector, postedBlock, present)
            );
        }
        assign(terms, provider);
    }

    function test_providerThatReentersIsPaidOnce() public {
        ReenteringAccount provider = new ReenteringAccount();
        readyProvider(address(provider));
        ITaskBoard.Terms memory terms = post();
        vm.roll(block.number + 1);
        assign(terms, address(provider));
        ITaskBoard.Delivery memory delivery =
            ITaskBoard.Delivery(hashlockOf(KEY), keccak256("ciphertext"), keccak256("content"), 1, "locator");
        vm.prank(address(provider));
        board.deliver(terms, delivery);
        vm.prank(PRODUCER);
        board.accept(terms);

        provider.arm(address(board), abi.encodeCall(board.settle, (terms, delivery, KEY)));
        uint256 before = address(provider).balance;
        vm.prank(address(provider));
        board.settle(terms, delivery, KEY);
        assertEq(provider.attempts(), 1, "it tried");
        assertEq(provider.successes(), 0, "and failed");
        assertEq(address(provider).balance, before + terms.fee, "paid once");

        vm.warp(block.timestamp + 2 * DISPUTE_WINDOW);
        uint256 rest = address(board).balance;
        provider.arm(address(board), abi.encodeCall(board.unstake, (3 * MINIMUM_STAKE)));
        vm.prank(address(provider));
        board.unstake(3 * MINIMUM_STAKE);
        assertEq(provider.successes(), 0, "no stake is paid twice");
        assertEq(address(board).balance, rest - 3 * MINIMUM_STAKE, "unstaked once");
    }

    function readyProvider(address provider) private returns (address) {
        admit(provider);
        vm.deal(provider, 3 * MINIMUM_STAKE);
        vm.prank(provider);
        board.stake{value: 3 * MINIMUM_STAKE}();
        vm.prank(provider);
        board.setOffer(1, 1, 1);
        return provider;
    }

    function post() private returns (ITaskBoard.Terms memory terms) {
        terms.producer = PRODUCER;
        terms.fee = 1 ether;
        terms.deliverBy = uint40(block.timestamp + 1 hours);
        terms.closeAt = uint40(block.timestamp + 2 hours);
        (terms.acceptWindow, terms.revealWindow) = (1 hours, 1 hours);
        terms.policy = ITaskBoard.SelectionPolicy.Uniform;
        vm.prank(PRODUCER);
        board.post{value: terms.fee}(terms);
    }

    function assign(ITaskBoard.Terms memory terms, address provider) private {
        ITaskBoard.Selection memory selection;
        selection.candidates = new address[](1);
        selection.candidates[0] = provider;
        IReputationEpochs.Evidence memory evidence;
        vm.prank(PRODUCER);
        board.assign(terms, provider, selection, evidence);
    }
}
