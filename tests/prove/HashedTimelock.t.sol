// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HashedTimelock} from "../../contracts/exchange/HashedTimelock.sol";
import {IHashedTimelock} from "../../contracts/exchange/IHashedTimelock.sol";
import {Payouts} from "../../contracts/payments/Payouts.sol";
import {ProofTest} from "./support/ProofTest.sol";
import {AnyRegister, Everybody} from "./support/Surroundings.sol";

/// @notice A lock of the native coin ends once and pays only its own parties, whoever calls, whenever, with whatever terms.
contract HashedTimelockProof is ProofTest {
    HashedTimelock private timelock;
    Payouts private payouts;
    AnyRegister private register;

    function setUp() external {
        payouts = new Payouts(FORWARDER);
        register = new AnyRegister();
        timelock =
            new HashedTimelock(address(new Everybody()), FORWARDER, address(register), address(payouts), 1 hours);
    }

    function check_aLockIsClaimedOrRefundedAndNeverBoth(
        IHashedTimelock.Terms calldata terms,
        bool[2] calldata claims,
        bytes32[2] calldata preimages,
        uint40[2] calldata times,
        bool[2] calldata removed,
        address caller
    ) external {
        lock(terms);

        bool first = close(terms, claims[0], preimages[0], times[0], removed[0], caller);
        vm.deal(address(timelock), terms.asset.amountOrId);
        bool second = close(terms, claims[1], preimages[1], times[1], removed[1], caller);

        assert(!(first && second));
    }

    function check_nobodyButTheStoredPartyIsPaid(
        IHashedTimelock.Terms calldata terms,
        bool claims,
        bytes32 preimage,
        uint40 time,
        bool removed,
        address caller,
        address other
    ) external {
        lock(terms);
        address party = claims ? terms.receiver : terms.sender;
        vm.assume(other != party && other != address(timelock) && other != address(payouts));
        vm.assume(party != address(timelock) && party != address(payouts) && party != address(this));
        uint256 before = party.balance;
        uint256 others = other.balance;

        if (close(terms, claims, preimage, time, removed, caller)) {
            assert(other.balance == others && payouts.creditOf(other) == 0);
            assert(party.balance + payouts.creditOf(party) == before + terms.asset.amountOrId);
            assert(address(timelock).balance == 0);
        } else {
            assert(party.balance == before && other.balance == others);
        }
    }

    /// @dev Any lock of the native coin, at any time.
    function lock(IHashedTimelock.Terms calldata terms) private {
        vm.assume(terms.asset.kind == IHashedTimelock.AssetKind.Native);
        vm.deal(terms.sender, terms.asset.amountOrId);
        vm.prank(terms.sender);
        timelock.lock{value: terms.asset.amountOrId}(terms);
    }

    function close(
        IHashedTimelock.Terms calldata terms,
        bool claims,
        bytes32 preimage,
        uint40 time,
        bool removed,
        address caller
    ) private returns (bool done) {
        vm.warp(time);
        register.set(removed);
        bytes memory data = claims
            ? abi.encodeCall(IHashedTimelock.claim, (terms, preimage))
            : abi.encodeCall(IHashedTimelock.refund, (terms));
        vm.prank(caller);
        (done,) = address(timelock).call(data);
    }
}
