// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {MemberContext} from "../identity/MemberContext.sol";
import {Roles} from "../identity/Roles.sol";
import {IPayouts} from "../payments/IPayouts.sol";
import {Payments} from "../payments/Payments.sol";
import {ITaskStakes} from "./ITaskStakes.sol";
import {ProviderLoad, ProviderLoads} from "./ProviderLoads.sol";

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

    uint256 private constant LIABILITY_UNIT = 1 gwei;
    /// @dev A stake is bound while one may complain, so that must end.
    uint256 private constant MAXIMUM_DISPUTE_WINDOW = 30 days;

    /// @notice Where coins go that their owner did not accept, or did not ask for.
    IPayouts public immutable payouts;
    /// @inheritdoc ITaskStakes
    uint96 public immutable minimumStake;
    /// @inheritdoc ITaskStakes
    uint96 public immutable deliveryBond;
    /// @inheritdoc ITaskStakes
    uint40 public immutable disputeWindow;
    address private immutable _deployer;

    /// @inheritdoc ITaskStakes
    address public disputes;

    mapping(address provider => Pledge pledge) private _pledges;
    mapping(address provider => ProviderLoad load) private _loads;
    address[] private _providers;

    modifier onlyDisputes() {
        require(msg.sender == disputes, TaskBoard_NotDisputes(msg.sender, disputes));
        _;
    }

    constructor(address payouts_, uint96 minimumStake_, uint96 deliveryBond_, uint40 disputeWindow_) {
        require(
            disputeWindow_ != 0 && disputeWindow_ <= MAXIMUM_DISPUTE_WINDOW, TaskBoard_BadDisputeWindow(disputeWindow_)
        );
        payouts = IPayouts(payouts_);
        minimumStake = minimumStake_;
        deliveryBond = deliveryBond_;
        disputeWindow = disputeWindow_;
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
        if (!_loads[provider].isListed()) {
            _loads[provider] = ProviderLoads.listed();
            _providers.push(provider);
        }
        _setStake(provider, (_pledges[provider].stake + msg.value).toUint96());
    }

    /// @inheritdoc ITaskStakes
    function unstake(uint96 amount) external {
        // Check: the caller has that much and owes neither work nor an answer.
        address provider = _msgSender();
        Pledge memory pledge = _pledges[provider];
        ProviderLoad load = _loadOf(provider);
        require(amount != 0, TaskBoard_ZeroAmount());
        require(amount <= pledge.stake, TaskBoard_StakeTooSmall(pledge.stake, amount));
        require(load.openTasks() == 0, TaskBoard_TasksOpen(provider, load.openTasks()));
        uint256 liability = _liability(load);
        require(liability == 0, TaskBoard_StakeIsLiable(provider, liability));
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
        // Effect: the stake shrinks by as much as does not answer for deliveries.
        uint96 free = _freeStakeOf(provider);
        taken = amount < free ? amount : free;
        if (taken == 0) return 0;
        _setStake(provider, _pledges[provider].stake - taken);
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
            openTasks: _loads[provider].openTasks()
        });
    }

    /// @inheritdoc ITaskStakes
    function liabilityOf(address provider) external view returns (uint256) {
        return _liability(_loadOf(provider));
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

    /// @dev A task more, if it is within the offer and the stake covers it beyond the minimum.
    function _takeOn(address provider, uint256 fee, uint256 secondsLeft) internal {
        Pledge memory pledge = _pledges[provider];
        require(
            _isEligible(provider, pledge.stake), TaskBoard_NotEligible(provider, pledge.stake, minimumStake)
        );
        require(fee >= pledge.minimumFee, TaskBoard_FeeBelowOffer(fee, pledge.minimumFee));
        require(
            secondsLeft >= pledge.minimumDuration, TaskBoard_TimeBelowOffer(secondsLeft, pledge.minimumDuration)
        );
        ProviderLoad load = _loadOf(provider);
        require(load.openTasks() < pledge.capacity, TaskBoard_NoCapacity(provider, pledge.capacity));
        load = load.begun(_liabilityFor(fee));
        uint256 required = minimumStake + _liability(load);
        require(pledge.stake >= required, TaskBoard_NotCovered(provider, pledge.stake, required));
        _loads[provider] = load;
    }

    /// @dev A task less to work on, about which one may complain from now on.
    function _retireWork(address provider, uint256 fee) internal {
        _loads[provider] = _loadOf(provider).retired(_liabilityFor(fee));
    }

    /// @dev A task less, about which there is nothing to complain.
    function _dropWork(address provider, uint256 fee) internal {
        _loads[provider] = _loadOf(provider).dropped(_liabilityFor(fee));
    }

    /// @dev Takes fee and bond of a task, settled within the dispute window, from the stake that answered for it.
    function _compensate(address provider, uint256 fee, uint40 settledAt) internal {
        bool isRecent = settledAt / disputeWindow == block.timestamp / disputeWindow;
        _loads[provider] = _loadOf(provider).answered(_liabilityFor(fee), isRecent);
        _setStake(provider, (_pledges[provider].stake - fee - deliveryBond).toUint96());
    }

    /// @dev What of a stake does not answer for deliveries.
    function _freeStakeOf(address provider) private view returns (uint96) {
        uint96 pledged = _pledges[provider].stake;
        uint256 liability = _liability(_loadOf(provider));
        // A liability below a stake of 96 bits fits them.
        return liability < pledged ? pledged - uint96(liability) : 0;
    }

    /// @dev The load as of now.
    function _loadOf(address provider) private view returns (ProviderLoad) {
        return _loads[provider].asOf(block.timestamp / disputeWindow);
    }

    /// @dev In wei.
    function _liability(ProviderLoad load) private pure returns (uint256) {
        return load.liability() * LIABILITY_UNIT;
    }

    /// @dev In gwei, rounded up: fee and bond of one task.
    function _liabilityFor(uint256 fee) private view returns (uint72) {
        return ((fee + deliveryBond + LIABILITY_UNIT - 1) / LIABILITY_UNIT).toUint72();
    }
}
