// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title ITaskStakes
/// @notice Stakes and offers of edge service providers (ESPs): what they pledge, what they take on, and who may take from it.
/// @dev A stake answers twice. Its liability, fee and bond of every task that is open or may still be complained about, is
/// what producers get back for wrong deliveries. At least the minimum beyond that is free whenever a task is assigned,
/// and answers for what else a provider signs. A dispute contract, bound once, may hold a stake while it judges its provider, and take from it when the provider
/// lost. It can neither pay itself nor give a stake to its provider early.
interface ITaskStakes {
    /// @notice What a provider offers and pledges.
    /// @param stake Pledged wei.
    /// @param minimumFee Least fee in wei of a task it takes.
    /// @param minimumDuration Least seconds between assignment and `deliverBy`.
    /// @param capacity Most tasks at a time.
    /// @param openTasks Tasks it works on now.
    struct Offer {
        uint96 stake;
        uint96 minimumFee;
        uint32 minimumDuration;
        uint16 capacity;
        uint16 openTasks;
    }

    event OfferChanged(address indexed provider, uint96 minimumFee, uint32 minimumDuration, uint16 capacity);
    event StakeChanged(address indexed provider, uint96 stake);
    event StakeHeld(address indexed provider, uint8 holds);
    event StakeSlashed(address indexed provider, address indexed beneficiary, uint96 amount);
    event DisputesBound(address disputes);

    error TaskBoard_NotDeployer(address caller);
    error TaskBoard_DisputesAlreadyBound(address disputes);
    error TaskBoard_ZeroDisputes();
    error TaskBoard_NotDisputes(address caller, address disputes);
    error TaskBoard_NothingHeld(address provider);
    error TaskBoard_StakeIsHeld(address provider, uint8 holds);
    error TaskBoard_ZeroAmount();
    error TaskBoard_StakeTooSmall(uint96 stake, uint256 amount);
    error TaskBoard_TasksOpen(address provider, uint16 openTasks);
    error TaskBoard_StakeIsLiable(address provider, uint256 liability);
    error TaskBoard_NotEligible(address provider, uint96 stake, uint96 minimumStake);
    error TaskBoard_FeeBelowOffer(uint256 fee, uint96 minimumFee);
    error TaskBoard_TimeBelowOffer(uint256 secondsLeft, uint32 minimumDuration);
    error TaskBoard_NoCapacity(address provider, uint16 capacity);
    error TaskBoard_NotCovered(address provider, uint256 stake, uint256 required);
    error TaskBoard_BadDisputeWindow(uint40 disputeWindow);

    /// @notice Adds to the caller's stake. Requirements: caller is an active ESP.
    function stake() external payable;

    /// @notice Takes stake back as a transfer to the caller. Requirements: no open tasks, no task that
    /// may still be complained about, no hold; amount within the stake.
    function unstake(uint96 amount) external;

    /// @notice States what the caller takes on. Requirements: caller is an active ESP.
    function setOffer(uint96 minimumFee, uint32 minimumDuration, uint16 capacity) external;

    /// @notice Names the contract that judges providers; once, by the deployer.
    function bindDisputes(address disputes) external;

    /// @notice Keeps a provider from unstaking until as many releases; only the dispute contract.
    function hold(address provider) external;

    /// @notice Undoes one hold; only the dispute contract.
    function release(address provider) external;

    /// @notice Takes from a provider's stake and credits it to a beneficiary in Payouts; only the dispute contract.
    /// @return taken `amount`, or what of the stake is free of liability where that is less.
    function slash(address provider, uint96 amount, address beneficiary) external returns (uint96 taken);

    /// @notice Whether an account is an active ESP with the minimum stake; a task is assigned only if the stake covers
    /// its fee and bond beyond that.
    function isEligible(address provider) external view returns (bool);

    /// @notice Offer and stake of a provider.
    function offerOf(address provider) external view returns (Offer memory);

    /// @notice Wei of a provider's stake that answer for its deliveries now, rounded up to a gwei for each task.
    function liabilityOf(address provider) external view returns (uint256);

    /// @notice Wei that a provider pays beyond the fee for a wrong delivery.
    function deliveryBond() external view returns (uint96);

    /// @notice Seconds from settlement in which a delivery may be complained about.
    function disputeWindow() external view returns (uint40);

    /// @notice Number of accounts that ever staked.
    function providerCount() external view returns (uint256);

    /// @notice Account that was the `index`-th to stake, from 0; the list only grows.
    function providerAt(uint256 index) external view returns (address);

    /// @notice The contract that judges providers, zero until bound.
    function disputes() external view returns (address);

    /// @notice Stake in wei from which a provider is eligible.
    function minimumStake() external view returns (uint96);
}
