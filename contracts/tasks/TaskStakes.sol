// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {MemberContext} from "../identity/MemberContext.sol";
import {Roles} from "../identity/Roles.sol";
import {IPayouts} from "../payments/IPayouts.sol";
import {Payments} from "../payments/Payments.sol";
import {ITaskStakes} from "./ITaskStakes.sol";

/// @title TaskStakes
/// @notice Stakes and offers of providers, see {ITaskStakes}.
abstract contract TaskStakes is ITaskStakes, MemberContext {
    using SafeCast for uint256;

    /// @dev What a provider pledges and offers, one word:
    ///
    ///     8 unused | 8 bits | 16       | 32              | 96         | 96
    ///              | holds  | capacity | minimumDuration | minimumFee | stake
    struct Pledge {
        uint96 stake;
        uint96 minimumFee;
        uint32 minimumDuration;
        uint16 capacity;
        uint8 holds;
    }

    /// @dev What a provider works on, one word that is never zero once it staked, so that no task has to fill it:
    ///
    ///     232 unused | 16        | 8
    ///                | openTasks | listed
    struct Load {
        bool isListed;
        uint16 openTasks;
    }

    /// @notice Where coins go that their owner did not accept, or did not ask for.
    IPayouts public immutable payouts;
    /// @inheritdoc ITaskStakes
    uint96 public immutable minimumStake;
    address private immutable _deployer;

    /// @inheritdoc ITaskStakes
    address public disputes;

    mapping(address provider => Pledge pledge) private _pledges;
    mapping(address provider => Load load) private _loads;
    address[] private _providers;

    modifier onlyDisputes() {
        require(msg.sender == disputes, TaskBoard_NotDisputes(msg.sender, disputes));
        _;
    }

    constructor(address payouts_, uint96 minimumStake_) {
        payouts = IPayouts(payouts_);
        minimumStake = minimumStake_;
        _deployer = msg.sender;
    }

    /* STAKE AND OFFER */

    /// @inheritdoc ITaskStakes
    function stake() external payable {
        // Check: the caller is a provider and pledges something.
        _requireRole(Roles.EDGE_SERVICE_PROVIDER);
        require(msg.value != 0, TaskBoard_ZeroAmount());

        // Effect: the stake grows; whoever stakes for the first time joins the list.
        address provider = _msgSender();
        if (!_loads[provider].isListed) {
            _loads[provider].isListed = true;
            _providers.push(provider);
        }
        _setStake(provider, (_pledges[provider].stake + msg.value).toUint96());
    }

    /// @inheritdoc ITaskStakes
    function unstake(uint96 amount) external {
        // Check: the caller has that much and owes neither work nor an answer.
        address provider = _msgSender();
        Pledge memory pledge = _pledges[provider];
        uint16 openTasks = _loads[provider].openTasks;
        require(amount != 0, TaskBoard_ZeroAmount());
        require(amount <= pledge.stake, TaskBoard_StakeTooSmall(pledge.stake, amount));
        require(openTasks == 0, TaskBoard_TasksOpen(provider, openTasks));
        require(pledge.holds == 0, TaskBoard_StakeIsHeld(provider, pledge.holds));

        // Effect: the stake shrinks.
        _setStake(provider, pledge.stake - amount);

        // Interaction: pay the caller.
        Payments.payCaller(provider, amount);
    }

    /// @inheritdoc ITaskStakes
    function setOffer(uint96 minimumFee, uint32 minimumDuration, uint16 capacity) external {
        // Check: the caller is a provider.
        _requireRole(Roles.EDGE_SERVICE_PROVIDER);

        // Effect: the offer holds for tasks assigned from now on.
        address provider = _msgSender();
        Pledge storage pledge = _pledges[provider];
        pledge.minimumFee = minimumFee;
        pledge.minimumDuration = minimumDuration;
        pledge.capacity = capacity;
        emit OfferChanged(provider, minimumFee, minimumDuration, capacity);
    }

    /* DISPUTES */

    /// @inheritdoc ITaskStakes
    function bindDisputes(address disputes_) external {
        // Check: the deployer binds for the first time.
        require(msg.sender == _deployer, TaskBoard_NotDeployer(msg.sender));
        require(disputes == address(0), TaskBoard_DisputesAlreadyBound(disputes));
        require(disputes_ != address(0), TaskBoard_ZeroDisputes());

        // Effect: the dispute contract is bound for good.
        disputes = disputes_;
        emit DisputesBound(disputes_);
    }

    /// @inheritdoc ITaskStakes
    function hold(address provider) external onlyDisputes {
        // Effect: one dispute more that the stake answers for.
        emit StakeHeld(provider, ++_pledges[provider].holds);
    }

    /// @inheritdoc ITaskStakes
    function release(address provider) external onlyDisputes {
        // Check: there is a hold to undo.
        uint8 holds = _pledges[provider].holds;
        require(holds != 0, TaskBoard_NothingHeld(provider));

        // Effect: one dispute less.
        _pledges[provider].holds = holds - 1;
        emit StakeHeld(provider, holds - 1);
    }

    /// @inheritdoc ITaskStakes
    function slash(address provider, uint96 amount, address beneficiary)
        external
        onlyDisputes
        returns (uint96 taken)
    {
        // Effect: the stake shrinks by as much as there is.
        uint96 pledged = _pledges[provider].stake;
        taken = amount < pledged ? amount : pledged;
        if (taken == 0) return 0;
        _setStake(provider, pledged - taken);
        emit StakeSlashed(provider, beneficiary, taken);

        // Interaction: the beneficiary withdraws when it likes.
        payouts.credit{value: taken}(beneficiary);
    }

    /* VIEWS */

    /// @inheritdoc ITaskStakes
    function isEligible(address provider) external view returns (bool) {
        return _isEligible(provider, _pledges[provider].stake);
    }

    /// @inheritdoc ITaskStakes
    function offerOf(address provider) public view returns (Offer memory) {
        Pledge memory pledge = _pledges[provider];
        return Offer({
            stake: pledge.stake,
            minimumFee: pledge.minimumFee,
            minimumDuration: pledge.minimumDuration,
            capacity: pledge.capacity,
            openTasks: _loads[provider].openTasks
        });
    }

    /// @inheritdoc ITaskStakes
    function providerCount() external view returns (uint256) {
        return _providers.length;
    }

    /// @inheritdoc ITaskStakes
    function providerAt(uint256 index) external view returns (address) {
        return _providers[index];
    }

    /* INTERNAL */

    function _setStake(address provider, uint96 amount) internal {
        _pledges[provider].stake = amount;
        emit StakeChanged(provider, amount);
    }

    function _isEligible(address provider, uint96 pledged) internal view returns (bool) {
        return pledged >= minimumStake && membership.hasRole(provider, Roles.EDGE_SERVICE_PROVIDER);
    }

    function _beginWork(address provider) internal {
        ++_loads[provider].openTasks;
    }

    function _endWork(address provider) internal {
        --_loads[provider].openTasks;
    }
}
