// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IHashedTimelock} from "./IHashedTimelock.sol";

/// @title IExchangePremiums
/// @notice Premiums on both legs of a two-lock exchange: whoever makes the other wait for nothing pays for it.
/// @dev The leader opens the first lock and holds the secret, the follower answers it with the linked lock. Both locks are
/// agreed on beforehand to the last word, so their ids are known before they are opened. The follower deposits first, the
/// leader joins once its lock is open.
///
///     deposit          joinUntil          answerUntil          timelock of the linked lock
///      |----- join -----|                  |                    |
///      |                |----- linked lock is opened --|        |
///      |                |-- withdraw -->   |-- leader takes both, unless it was -->
///
/// | state of the exchange                                  | leader's premium | follower's premium |
/// |--------------------------------------------------------|------------------|--------------------|
/// | the leader did not join before `joinUntil`             | none             | follower           |
/// | linked lock open                                       | waits            | follower, at once  |
/// | linked lock claimed                                    | leader           | follower           |
/// | linked lock refunded                                   | follower         | follower           |
/// | no linked lock from `answerUntil` on, first lock open  | leader           | leader             |
/// | no linked lock, first lock closed                      | leader           | follower           |
///
/// So a premium is never earned by not joining, and a first lock that ends early (its content was removed, both parties
/// left by {IHashedTimelock-exit}) costs neither party: it cannot be answered any more. A linked lock that is refunded
/// because the leader's content was removed counts as refunded. The locks themselves know nothing of premiums.
interface IExchangePremiums {
    enum State {
        None,
        Deposited,
        Joined,
        Answered,
        Closed
    }

    /// @notice The terms of a pair of premiums.
    /// @param leader Sender of the first lock, who holds the secret.
    /// @param follower Sender of the linked lock.
    /// @param leaderPremium What the leader pays if the linked lock is refunded, wei.
    /// @param followerPremium What the follower pays if it does not answer, wei.
    /// @param firstLock Id of the first lock.
    /// @param linkedLock Id of the lock that answers it.
    /// @param joinUntil First second in which the leader can no longer join.
    /// @param answerUntil First second in which a missing answer is the follower's fault.
    struct Terms {
        address leader;
        address follower;
        uint256 leaderPremium;
        uint256 followerPremium;
        bytes32 firstLock;
        bytes32 linkedLock;
        uint40 joinUntil;
        uint40 answerUntil;
    }

    event PremiumsDeposited(bytes32 indexed premiumsId, address indexed follower, Terms terms);
    event PremiumsJoined(bytes32 indexed premiumsId);
    event PremiumsWithdrawn(bytes32 indexed premiumsId, address caller);
    event PremiumsSettled(
        bytes32 indexed premiumsId, State state, uint256 paidToLeader, uint256 paidToFollower, address caller
    );

    error ExchangePremiums_PartyMismatch(address caller, address party);
    error ExchangePremiums_ZeroPremium();
    error ExchangePremiums_ValueMismatch(uint256 sent, uint256 required);
    error ExchangePremiums_BadTimes(uint40 joinUntil, uint40 answerUntil, uint40 linkedTimelock);
    error ExchangePremiums_LocksMismatch(bytes32 firstLock, bytes32 linkedLock);
    error ExchangePremiums_WrongState(bytes32 premiumsId, State state);
    error ExchangePremiums_FirstLockNotOpen(bytes32 firstLock, IHashedTimelock.State state);
    error ExchangePremiums_TooLate(uint40 limit, uint256 blockTimestamp);
    error ExchangePremiums_TooEarly(uint40 limit, uint256 blockTimestamp);
    error ExchangePremiums_LinkedLockOpen(bytes32 linkedLock);

    /// @notice The follower deposits its premium for an exchange of exactly these two locks.
    /// @dev Requirements: caller is an active member and the follower; both premiums above zero, value equals the
    /// follower's; now before `joinUntil` before `answerUntil`, which is at most the linked lock's timelock; the locks have
    /// the ids in the terms, mirrored parties and one hashlock; the second answers the first with the asset it expects and
    /// expects nothing itself, so that no other lock answers within these terms.
    function deposit(Terms calldata terms, IHashedTimelock.Terms calldata first, IHashedTimelock.Terms calldata linked)
        external
        payable
        returns (bytes32 premiumsId);

    /// @notice The leader adds its premium.
    /// @dev Requirements: caller is the leader; deposited, not joined; before `joinUntil`; first lock open; value equals the
    /// leader's premium.
    function join(Terms calldata terms) external payable;

    /// @notice Pays the follower back whom the leader did not join in time; callable by anyone.
    function withdraw(Terms calldata terms) external;

    /// @notice Pays what is due by the state of both locks, see the table; callable by anyone, pays only the two parties.
    /// @dev Warning: how late the linked lock was opened cannot be seen afterwards; from `answerUntil` on the leader (or
    /// anyone for it) settles before it is opened after all, and before the first lock is refunded.
    function settle(Terms calldata terms) external;

    /// @notice State of a pair of premiums.
    function stateOf(bytes32 premiumsId) external view returns (State);

    /// @notice Id of a pair of premiums: hash of chain, contract and terms.
    function idOf(Terms calldata terms) external view returns (bytes32);
}
