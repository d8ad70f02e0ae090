// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Payouts} from "../../contracts/payments/Payouts.sol";
import {ProofTest} from "./support/ProofTest.sol";

/// @notice Credits never exceed the balance: from whatever credits there are, every call changes the balance by exactly what
/// it changes the credits by, and nobody's but the named accounts'. A new contract owes nothing and has nothing, so the sum
/// of all credits equals what was paid in and not out, after any number of calls.
contract PayoutsProof is ProofTest {
    Payouts private payouts;

    function setUp() external {
        payouts = new Payouts(FORWARDER);
        symbolic.enableSymbolicStorage(address(payouts));
    }

    function check_creditAddsWhatCameIn(address caller, address account, address other, uint256 value) external {
        vm.assume(other != account);
        uint256 before = payouts.creditOf(account);
        uint256 others = payouts.creditOf(other);
        uint256 balance = address(payouts).balance;
        vm.deal(caller, value);

        vm.prank(caller);
        payouts.credit{value: value}(account);

        assert(payouts.creditOf(account) == before + value);
        assert(payouts.creditOf(other) == others);
        assert(address(payouts).balance == balance + value);
    }

    function check_creditManyAddsWhatCameIn(
        address caller,
        address[3] calldata accounts,
        uint256[3] calldata amounts,
        address other,
        uint256 value
    ) external {
        uint256 balance = address(payouts).balance;
        uint256 others = payouts.creditOf(other);
        vm.deal(caller, value);
        address[] memory named = new address[](3);
        uint256[] memory shares = new uint256[](3);
        uint256 share;
        for (uint256 i; i < 3; ++i) {
            (named[i], shares[i]) = (accounts[i], amounts[i]);
            if (accounts[i] == other) share += amounts[i];
        }

        vm.prank(caller);
        payouts.creditMany{value: value}(named, shares);

        assert(amounts[0] + amounts[1] + amounts[2] == value);
        assert(payouts.creditOf(other) == others + share);
        assert(address(payouts).balance == balance + value);
    }

    function check_withdrawalTakesNoMoreThanTheCredit(address caller, address payable account, address other) external {
        vm.assume(other != account && account != address(payouts));
        uint256 owed = payouts.creditOf(account);
        uint256 others = payouts.creditOf(other);
        uint256 had = account.balance;
        vm.deal(address(payouts), owed);

        vm.prank(caller);
        payouts.withdraw(account);

        assert(owed != 0);
        assert(payouts.creditOf(account) == 0 && payouts.creditOf(other) == others);
        assert(address(payouts).balance == 0 && account.balance == had + owed);
    }
}
