// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC2771Context} from "@openzeppelin/contracts/metatx/ERC2771Context.sol";
import {IPayouts} from "../payments/IPayouts.sol";
import {Payments} from "../payments/Payments.sol";
import {ICompletionBounties} from "./ICompletionBounties.sol";
import {IHashedTimelock} from "./IHashedTimelock.sol";

/// @title CompletionBounties
/// @notice Bounties for completing locks, see {ICompletionBounties}.
contract CompletionBounties is ICompletionBounties, ERC2771Context {
    /// @notice The contract whose locks are completed.
    IHashedTimelock public immutable timelock;
    /// @notice Where coins go that their owner did not accept.
    IPayouts public immutable payouts;

    mapping(
        bytes32 lockId
            => mapping(address depositor => mapping(IHashedTimelock.State ending => uint256 amount))
    ) private _bounties;

    constructor(address forwarder, address timelock_, address payouts_) ERC2771Context(forwarder) {
        timelock = IHashedTimelock(timelock_);
        payouts = IPayouts(payouts_);
    }

    /* DEPOSIT */

    /// @inheritdoc ICompletionBounties
    function deposit(bytes32 lockId, IHashedTimelock.State ending) external payable {
        // Check: there is something to complete, and something for it.
        require(msg.value != 0, CompletionBounties_ZeroBounty());
        require(
            ending == IHashedTimelock.State.Claimed || ending == IHashedTimelock.State.Refunded,
            CompletionBounties_NotAnEnding(ending)
        );
        IHashedTimelock.State state = timelock.stateOf(lockId);
        require(state == IHashedTimelock.State.Open, CompletionBounties_LockNotOpen(lockId, state));

        // Effect: the bounty is there.
        address depositor = _msgSender();
        _bounties[lockId][depositor][ending] += msg.value;
        emit BountyDeposited(lockId, depositor, ending, msg.value);
    }

    /* COMPLETE */

    /// @inheritdoc ICompletionBounties
    function claim(IHashedTimelock.Terms calldata terms, bytes32 preimage, address[] calldata depositors) external {
        uint256[] memory amounts = _take(terms, IHashedTimelock.State.Claimed, depositors);

        // Interaction: complete the lock, which reverts unless it can be, and pay for it.
        timelock.claim(terms, preimage);
        _pay(terms, depositors, amounts);
    }

    /// @inheritdoc ICompletionBounties
    function refund(IHashedTimelock.Terms calldata terms, address[] calldata depositors) external {
        uint256[] memory amounts = _take(terms, IHashedTimelock.State.Refunded, depositors);

        // Interaction: complete the lock, which reverts unless it can be, and pay for it.
        timelock.refund(terms);
        _pay(terms, depositors, amounts);
    }

    /// @inheritdoc ICompletionBounties
    function takeBack(bytes32 lockId, address depositor, IHashedTimelock.State ending) external {
        // Check: the lock has ended without earning this bounty.
        require(timelock.stateOf(lockId) != IHashedTimelock.State.Open, CompletionBounties_LockOpen(lockId));

        // Effect: the bounty is gone.
        uint256 amount = _useUp(lockId, depositor, ending);
        emit BountyReturned(lockId, depositor, ending, amount);

        // Interaction: pay who deposited it, whoever calls.
        if (depositor == _msgSender()) Payments.payCaller(depositor, amount);
        else Payments.payOrCredit(payouts, depositor, amount);
    }

    /* VIEWS */

    /// @inheritdoc ICompletionBounties
    function bountyOf(bytes32 lockId, address depositor, IHashedTimelock.State ending) external view returns (uint256) {
        return _bounties[lockId][depositor][ending];
    }

    /* INTERNAL */

    /// @dev Check and effect of both completions. The lock's completion comes later and undoes this where it reverts.
    function _take(IHashedTimelock.Terms calldata terms, IHashedTimelock.State ending, address[] calldata depositors)
        private
        returns (uint256[] memory amounts)
    {
        bytes32 lockId = timelock.idOf(terms);
        address completer = _msgSender();
        bool earns = !_isParty(terms, completer);
        amounts = new uint256[](depositors.length);
        for (uint256 i; i < depositors.length; ++i) {
            amounts[i] = _useUp(lockId, depositors[i], ending);
            if (earns) emit BountyEarned(lockId, depositors[i], ending, amounts[i], completer);
            else emit BountyReturned(lockId, depositors[i], ending, amounts[i]);
        }
    }

    function _useUp(bytes32 lockId, address depositor, IHashedTimelock.State ending) private returns (uint256 amount) {
        amount = _bounties[lockId][depositor][ending];
        require(amount != 0, CompletionBounties_NoBounty(lockId, depositor, ending));
        _bounties[lockId][depositor][ending] = 0;
    }

    function _pay(IHashedTimelock.Terms calldata terms, address[] calldata depositors, uint256[] memory amounts) private {
        address completer = _msgSender();
        bool earns = !_isParty(terms, completer);
        uint256 earned;
        for (uint256 i; i < depositors.length; ++i) {
            if (earns) earned += amounts[i];
            else Payments.payOrCredit(payouts, depositors[i], amounts[i]);
        }
        Payments.payCaller(completer, earned);
    }

    function _isParty(IHashedTimelock.Terms calldata terms, address account) private pure returns (bool) {
        return account == terms.sender || account == terms.receiver;
    }
}
