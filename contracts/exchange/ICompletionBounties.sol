// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IHashedTimelock} from "./IHashedTimelock.sol";

/// @title ICompletionBounties
/// @notice Bounties for whoever completes a lock of {IHashedTimelock} in time, so that watchers act for parties that sleep.
/// @dev A bounty is for one ending of one lock: its claim or its refund. It is earned only by completing the lock through this
/// contract. The lock's own parties earn nothing: if one of them completes it here, the bounties go back to those who
/// deposited them, so a receiver cannot take what its counterparty offers to watchers. If the lock ended otherwise,
/// whoever deposited gets its bounty back. Several accounts may deposit for one lock; nobody takes another's place.
interface ICompletionBounties {
    event BountyDeposited(
        bytes32 indexed lockId, address indexed depositor, IHashedTimelock.State ending, uint256 amount
    );
    event BountyEarned(
        bytes32 indexed lockId,
        address indexed depositor,
        IHashedTimelock.State ending,
        uint256 amount,
        address completer
    );
    event BountyReturned(
        bytes32 indexed lockId, address indexed depositor, IHashedTimelock.State ending, uint256 amount
    );

    error CompletionBounties_ZeroBounty();
    error CompletionBounties_NotAnEnding(IHashedTimelock.State ending);
    error CompletionBounties_LockNotOpen(bytes32 lockId, IHashedTimelock.State state);
    error CompletionBounties_LockOpen(bytes32 lockId);
    error CompletionBounties_NoBounty(bytes32 lockId, address depositor, IHashedTimelock.State ending);

    /// @notice Adds the value sent to the caller's bounty for one ending of an open lock; callable by anyone.
    /// @dev Requirements: value above zero; ending Claimed or Refunded; lock open.
    function deposit(bytes32 lockId, IHashedTimelock.State ending) external payable;

    /// @notice Claims a lock for its receiver and pays the caller the named depositors' bounties for it.
    /// @dev Requirements: as {IHashedTimelock-claim}; every named depositor has a bounty for the claim.
    function claim(IHashedTimelock.Terms calldata terms, bytes32 preimage, address[] calldata depositors) external;

    /// @notice Refunds a lock to its sender and pays the caller the named depositors' bounties for it.
    /// @dev Requirements: as {IHashedTimelock-refund}; every named depositor has a bounty for the refund.
    function refund(IHashedTimelock.Terms calldata terms, address[] calldata depositors) external;

    /// @notice Pays a bounty back that was not earned; callable by anyone once the lock is closed.
    /// @dev Requirements: the depositor has a bounty for this ending; the lock is not open.
    function takeBack(bytes32 lockId, address depositor, IHashedTimelock.State ending) external;

    /// @notice Wei that waits for whoever completes the lock in this way.
    function bountyOf(bytes32 lockId, address depositor, IHashedTimelock.State ending) external view returns (uint256);
}
