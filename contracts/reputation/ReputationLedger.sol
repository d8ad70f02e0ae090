// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {InteractionCounters, PackedCounters} from "./InteractionCounters.sol";
import {IReputationLedger} from "./IReputationLedger.sol";
import {OpinionLibrary} from "./OpinionLibrary.sol";

/// @title ReputationLedger
/// @notice Interaction records and the opinions that follow from them, see {IReputationLedger}.
contract ReputationLedger is IReputationLedger {
    /// @dev Bounds the work of a view that other contracts may call.
    uint256 private constant MAXIMUM_RECOMMENDERS = 16;

    /// @inheritdoc IReputationLedger
    uint40 public immutable windowSeconds;
    uint256 private immutable _recentWeight;
    uint256 private immutable _olderWeight;
    uint256 private immutable _positiveWeight;
    uint256 private immutable _negativeWeight;
    address private immutable _deployer;

    /// @notice The task board that may record, zero until bound.
    address public taskBoard;
    /// @notice The atomic sale that may record, zero until bound.
    address public atomicSale;

    mapping(address rater => mapping(address subject => PackedCounters counters)) private _pairs;
    mapping(address rater => PackedCounters counters) private _totals;

    constructor(Weights memory weights_, uint40 windowSeconds_) {
        require(
            weights_.recent <= OpinionLibrary.WAD && weights_.older == OpinionLibrary.WAD - weights_.recent
                && weights_.positive <= OpinionLibrary.WAD
                && weights_.negative == OpinionLibrary.WAD - weights_.positive,
            ReputationLedger_BadWeights()
        );
        require(windowSeconds_ != 0, ReputationLedger_ZeroWindow());
        _recentWeight = weights_.recent;
        _olderWeight = weights_.older;
        _positiveWeight = weights_.positive;
        _negativeWeight = weights_.negative;
        windowSeconds = windowSeconds_;
        _deployer = msg.sender;
    }

    /* RECORD */

    /// @inheritdoc IReputationLedger
    function bindSources(address taskBoard_, address atomicSale_) external {
        // Check: the deployer binds for the first time.
        require(msg.sender == _deployer, ReputationLedger_NotDeployer(msg.sender));
        require(taskBoard == address(0) && atomicSale == address(0), ReputationLedger_SourcesAlreadyBound());

        // Effect: the sources are bound for good.
        taskBoard = taskBoard_;
        atomicSale = atomicSale_;
        emit SourcesBound(taskBoard_, atomicSale_);
    }

    /// @inheritdoc IReputationLedger
    function record(address rater, address subject, bool positive, bytes32 reference_) external {
        // Check: a source speaks, about two different accounts.
        require(msg.sender == taskBoard || msg.sender == atomicSale, ReputationLedger_NotSource(msg.sender));
        require(rater != subject, ReputationLedger_SelfRating(rater));

        // Effect: one more interaction of the pair and of the rater.
        uint256 window = _window();
        PackedCounters pair = _pairs[rater][subject];
        bool isFirst = pair.isEmpty();
        _pairs[rater][subject] = _recorded(pair, window, positive, false, rater, subject);
        _totals[rater] = _recorded(_totals[rater], window, positive, isFirst, rater, subject);
        // The window index is at most the block time, which fits 40 bits until the year 36812.
        emit InteractionRecorded(rater, subject, positive, reference_, msg.sender, uint40(window));
    }

    /* VIEWS */

    /// @inheritdoc IReputationLedger
    function countsOf(address rater, address subject) external view returns (Counts memory) {
        return _pairs[rater][subject].countsAt(_window());
    }

    /// @inheritdoc IReputationLedger
    function totalsOf(address rater) external view returns (Counts memory counts, uint256 subjects) {
        return (_totals[rater].countsAt(_window()), _totals[rater].unpack().subjects);
    }

    /// @inheritdoc IReputationLedger
    function opinionOf(address rater, address subject) external view returns (Opinion memory) {
        return OpinionLibrary.fromCounts(_pairs[rater][subject].countsAt(_window()), weights());
    }

    /// @inheritdoc IReputationLedger
    function reputationOf(address rater, address subject, address[] calldata recommenders)
        external
        view
        returns (Opinion memory opinion, uint256 expectation)
    {
        _requireFit(rater, recommenders);
        Weights memory weights_ = weights();
        uint256 window = _window();

        Opinion[] memory opinions = new Opinion[](recommenders.length);
        uint256[] memory shares = new uint256[](recommenders.length);
        for (uint256 i; i < recommenders.length; ++i) {
            (opinions[i], shares[i]) = _recommendation(recommenders[i], subject, window, weights_);
        }

        opinion = OpinionLibrary.fromCounts(_pairs[rater][subject].countsAt(window), weights_);
        (bool exists, Opinion memory recommended) = OpinionLibrary.weightedMean(opinions, shares);
        if (exists) opinion = OpinionLibrary.cumulativeFusion(opinion, recommended);
        expectation = OpinionLibrary.expectation(opinion);
    }

    /// @inheritdoc IReputationLedger
    function weights() public view returns (Weights memory) {
        return Weights({
            recent: _recentWeight,
            older: _olderWeight,
            positive: _positiveWeight,
            negative: _negativeWeight
        });
    }

    /* INTERNAL */

    /// @dev Counters after one more interaction.
    function _recorded(
        PackedCounters packed,
        uint256 window,
        bool positive,
        bool newSubject,
        address rater,
        address subject
    ) private pure returns (PackedCounters result) {
        InteractionCounters.Counters memory counters = packed.unpack();
        InteractionCounters.advance(counters, window);
        InteractionCounters.add(counters, positive);
        if (newSubject) ++counters.subjects;
        bool fits;
        (fits, result) = InteractionCounters.pack(counters);
        require(fits, ReputationLedger_CounterOverflow(rater, subject));
    }

    /// @dev A recommender's opinion of the subject and its weight among the recommenders.
    function _recommendation(address recommender, address subject, uint256 window, Weights memory weights_)
        private
        view
        returns (Opinion memory opinion, uint256 share)
    {
        Counts memory counts = _pairs[recommender][subject].countsAt(window);
        (uint256 positive, uint256 negative) = OpinionLibrary.weightedEvidence(counts, weights_);
        opinion = OpinionLibrary.fromEvidence(
            positive, negative, OpinionLibrary.evidenceUncertainty(OpinionLibrary.totalOf(counts))
        );

        PackedCounters totals = _totals[recommender];
        (uint256 allPositive, uint256 allNegative) =
            OpinionLibrary.weightedEvidence(totals.countsAt(window), weights_);
        share = OpinionLibrary.recommendationWeight(
            positive + negative, allPositive + allNegative, totals.unpack().subjects
        );
    }

    /// @dev Ascending addresses name nobody twice, and the rater's own evidence is not counted twice.
    function _requireFit(address rater, address[] calldata recommenders) private pure {
        require(
            recommenders.length <= MAXIMUM_RECOMMENDERS,
            ReputationLedger_TooManyRecommenders(recommenders.length, MAXIMUM_RECOMMENDERS)
        );
        for (uint256 i; i < recommenders.length; ++i) {
            require(recommenders[i] != rater, ReputationLedger_RecommenderIsRater(rater));
            require(
                i == 0 || recommenders[i - 1] < recommenders[i], ReputationLedger_RecommendersNotAscending(i)
            );
        }
    }

    function _window() private view returns (uint256) {
        return block.timestamp / windowSeconds;
    }
}
