// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title IReputationLedger
/// @notice Interaction records of settled, funded work and the multi-weight subjective logic opinions that follow from them.
/// @dev Counters per pair lie in three windows: current, previous, older. Current and previous are recent. The same
/// structure per rater sums over all of its subjects. All opinion arithmetic is 1e18 fixed point, rounded down, equal
/// to the Python twin to the last digit.
interface IReputationLedger {
    /// @notice Interactions of a pair, as they weigh now.
    struct Counts {
        uint64 recentPositive;
        uint64 recentNegative;
        uint64 olderPositive;
        uint64 olderNegative;
    }

    /// @notice A binomial opinion, 1e18 fixed point; belief + disbelief + uncertainty = 1e18.
    struct Opinion {
        uint256 belief;
        uint256 disbelief;
        uint256 uncertainty;
    }

    /// @notice Weights of recency and of effect, 1e18 fixed point; each pair adds up to 1e18.
    struct Weights {
        uint256 recent;
        uint256 older;
        uint256 positive;
        uint256 negative;
    }

    event SourcesBound(address taskBoard, address atomicSale);
    event InteractionRecorded(
        address indexed rater, address indexed subject, bool positive, bytes32 reference_, address source, uint40 window
    );

    error ReputationLedger_SourcesAlreadyBound();
    error ReputationLedger_NotDeployer(address caller);
    error ReputationLedger_NotSource(address caller);
    error ReputationLedger_SelfRating(address account);
    error ReputationLedger_TooManyRecommenders(uint256 given, uint256 maximum);
    error ReputationLedger_RecommenderIsRater(address account);
    error ReputationLedger_RecommendersNotAscending(uint256 index);
    error ReputationLedger_CounterOverflow(address rater, address subject);
    error ReputationLedger_BadWeights();
    error ReputationLedger_ZeroWindow();

    /// @notice Names the contracts that may record; once, by the deployer.
    function bindSources(address taskBoard, address atomicSale) external;

    /// @notice Records one interaction. Only the bound sources.
    function record(address rater, address subject, bool positive, bytes32 reference_) external;

    /// @notice Interactions of a pair as of now.
    function countsOf(address rater, address subject) external view returns (Counts memory);

    /// @notice Interactions of a rater with all subjects as of now, and the number of distinct subjects.
    function totalsOf(address rater) external view returns (Counts memory counts, uint256 subjects);

    /// @notice The rater's own opinion of the subject.
    function opinionOf(address rater, address subject) external view returns (Opinion memory);

    /// @notice The rater's opinion fused with those of up to 16 recommenders (strictly ascending addresses, none the rater).
    /// @return opinion The fused opinion.
    /// @return expectation Expected trust, belief + baseRate * uncertainty.
    function reputationOf(address rater, address subject, address[] calldata recommenders)
        external
        view
        returns (Opinion memory opinion, uint256 expectation);

    /// @notice Interactions of a pair as they stood when the present window began: those of the window before it are
    /// recent, all earlier ones older, those of the present one do not count yet.
    function openingCountsOf(address rater, address subject) external view returns (Counts memory);

    /// @notice {totalsOf} as it stood when the present window began.
    function openingTotalsOf(address rater) external view returns (Counts memory counts, uint256 subjects);

    /// @notice {reputationOf} as it stood when the present window began. Nobody, the zero address, has only recommenders.
    function openingReputationOf(address rater, address subject, address[] calldata recommenders)
        external
        view
        returns (Opinion memory opinion, uint256 expectation);

    /// @notice Whether a pair had an interaction before a window began; for the zero address as rater, whether anybody had
    /// one with the subject.
    function isKnownBefore(uint256 window, address rater, address subject) external view returns (bool);

    /// @notice Whether a contract may record.
    function isSource(address account) external view returns (bool);

    /// @notice Weights in force.
    function weights() external view returns (Weights memory);

    /// @notice Length of a window in seconds.
    function windowSeconds() external view returns (uint40);
}
