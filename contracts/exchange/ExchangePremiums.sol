// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberContext} from "../identity/MemberContext.sol";
import {IPayouts} from "../payments/IPayouts.sol";
import {Payments} from "../payments/Payments.sol";
import {IExchangePremiums} from "./IExchangePremiums.sol";
import {IHashedTimelock} from "./IHashedTimelock.sol";

/// @title ExchangePremiums
/// @notice Premiums on both legs of a two-lock exchange, see {IExchangePremiums}.
contract ExchangePremiums is IExchangePremiums, MemberContext {
    /// @notice The contract whose locks are watched.
    IHashedTimelock public immutable timelock;
    /// @notice Where coins go that their owner did not accept.
    IPayouts public immutable payouts;

    mapping(bytes32 premiumsId => State state) private _states;

    constructor(address membership_, address forwarder, address timelock_, address payouts_)
        MemberContext(membership_, forwarder)
    {
        timelock = IHashedTimelock(timelock_);
        payouts = IPayouts(payouts_);
    }

    /* OPEN */

    /// @inheritdoc IExchangePremiums
    function deposit(Terms calldata terms, IHashedTimelock.Terms calldata first, IHashedTimelock.Terms calldata linked)
        external
        payable
        returns (bytes32 premiumsId)
    {
        // Check: the follower deposits for itself, under terms that can be kept and are new.
        address caller = _msgSender();
        membership.requireActive(caller);
        require(terms.follower == caller, ExchangePremiums_PartyMismatch(caller, terms.follower));
        require(terms.leaderPremium != 0 && terms.followerPremium != 0, ExchangePremiums_ZeroPremium());
        _requireValue(terms.followerPremium);
        require(
            block.timestamp < terms.joinUntil && terms.joinUntil < terms.answerUntil
                && terms.answerUntil <= linked.timelock,
            ExchangePremiums_BadTimes(terms.joinUntil, terms.answerUntil, linked.timelock)
        );
        require(
            _isExchange(terms, first, linked), ExchangePremiums_LocksMismatch(terms.firstLock, terms.linkedLock)
        );
        premiumsId = _requireState(terms, State.None);

        // Effect: the deposit is made; it has come with the call.
        _states[premiumsId] = State.Deposited;
        emit PremiumsDeposited(premiumsId, caller, terms);
    }

    /// @inheritdoc IExchangePremiums
    function join(Terms calldata terms) external payable {
        // Check: the leader joins in time, and has locked what it exchanges.
        address caller = _msgSender();
        require(terms.leader == caller, ExchangePremiums_PartyMismatch(caller, terms.leader));
        _requireValue(terms.leaderPremium);
        bytes32 premiumsId = _requireState(terms, State.Deposited);
        require(block.timestamp < terms.joinUntil, ExchangePremiums_TooLate(terms.joinUntil, block.timestamp));
        IHashedTimelock.State first = timelock.stateOf(terms.firstLock);
        require(first == IHashedTimelock.State.Open, ExchangePremiums_FirstLockNotOpen(terms.firstLock, first));

        // Effect: both premiums are at stake.
        _states[premiumsId] = State.Joined;
        emit PremiumsJoined(premiumsId);
    }

    /* CLOSE */

    /// @inheritdoc IExchangePremiums
    function withdraw(Terms calldata terms) external {
        // Check: the leader can no longer join.
        bytes32 premiumsId = _requireState(terms, State.Deposited);
        require(block.timestamp >= terms.joinUntil, ExchangePremiums_TooEarly(terms.joinUntil, block.timestamp));

        // Effect: closed for good.
        _states[premiumsId] = State.Closed;
        address caller = _msgSender();
        emit PremiumsWithdrawn(premiumsId, caller);

        // Interaction: pay the follower, whoever calls.
        _pay(terms.follower, terms.followerPremium, caller);
    }

    /// @inheritdoc IExchangePremiums
    function settle(Terms calldata terms) external {
        // Check: something is due.
        bytes32 premiumsId = _idOf(terms);
        State state = _states[premiumsId];
        require(
            state == State.Joined || state == State.Answered, ExchangePremiums_WrongState(premiumsId, state)
        );
        (State next, uint256 toLeader, uint256 toFollower) = _due(terms, state);

        // Effect: what is due is paid once.
        _states[premiumsId] = next;
        address caller = _msgSender();
        emit PremiumsSettled(premiumsId, next, toLeader, toFollower, caller);

        // Interaction: pay both parties, whoever calls.
        _pay(terms.leader, toLeader, caller);
        _pay(terms.follower, toFollower, caller);
    }

    /* VIEWS */

    /// @inheritdoc IExchangePremiums
    function stateOf(bytes32 premiumsId) external view returns (State) {
        return _states[premiumsId];
    }

    /// @inheritdoc IExchangePremiums
    function idOf(Terms calldata terms) external view returns (bytes32) {
        return _idOf(terms);
    }

    /* INTERNAL */

    /// @dev The table of {IExchangePremiums}. Locks never go back, so what is due once stays due until it is paid.
    function _due(Terms calldata terms, State state)
        private
        view
        returns (State next, uint256 toLeader, uint256 toFollower)
    {
        IHashedTimelock.State linked = timelock.stateOf(terms.linkedLock);
        (uint256 leaderPremium, uint256 followerPremium) = (terms.leaderPremium, terms.followerPremium);
        if (state == State.Answered) followerPremium = 0;

        if (linked == IHashedTimelock.State.Claimed) return (State.Closed, leaderPremium, followerPremium);
        if (linked == IHashedTimelock.State.Refunded) return (State.Closed, 0, leaderPremium + followerPremium);
        if (linked == IHashedTimelock.State.Open) {
            require(state == State.Joined, ExchangePremiums_LinkedLockOpen(terms.linkedLock));
            return (State.Answered, 0, followerPremium);
        }
        // Only an open first lock can be answered; one that closed early is not the follower's fault.
        if (timelock.stateOf(terms.firstLock) != IHashedTimelock.State.Open) {
            return (State.Closed, leaderPremium, followerPremium);
        }
        require(block.timestamp >= terms.answerUntil, ExchangePremiums_TooEarly(terms.answerUntil, block.timestamp));
        return (State.Closed, leaderPremium + followerPremium, 0);
    }

    /// @dev HashedTimelock checks the rest when the linked lock is opened (margin, guarded content).
    function _isExchange(
        Terms calldata terms,
        IHashedTimelock.Terms calldata first,
        IHashedTimelock.Terms calldata linked
    ) private view returns (bool) {
        return first.sender == terms.leader && first.receiver == terms.follower && linked.sender == terms.follower
            && linked.receiver == terms.leader && first.firstLock == 0 && linked.firstLock == terms.firstLock
            && linked.hashlock == first.hashlock && linked.expected == 0
            && timelock.assetHash(linked.asset) == first.expected && timelock.idOf(first) == terms.firstLock
            && timelock.idOf(linked) == terms.linkedLock;
    }

    function _pay(address to, uint256 amount, address caller) private {
        if (to == caller) Payments.payCaller(to, amount);
        else Payments.payOrCredit(payouts, to, amount);
    }

    function _requireValue(uint256 required) private view {
        require(msg.value == required, ExchangePremiums_ValueMismatch(msg.value, required));
    }

    function _requireState(Terms calldata terms, State required) private view returns (bytes32 premiumsId) {
        premiumsId = _idOf(terms);
        State state = _states[premiumsId];
        require(state == required, ExchangePremiums_WrongState(premiumsId, state));
    }

    function _idOf(Terms calldata terms) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), terms));
    }
}
