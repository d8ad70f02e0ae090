// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {InteractionCounters, PackedCounters} from "./InteractionCounters.sol";
import {IReputationLedger} from "./IReputationLedger.sol";
import {OpinionLibrary} from "./OpinionLibrary.sol";

/// @title ReputationLedger
/// @notice Interaction records and the opinions that follow from them, see {IReputationLedger}.
contract ReputationLedger is IReputationLedger {
    /// @dev As of when counters are read: now, or when the present window began.
    struct Moment {
        uint256 window;
        bool isOpening;
    }

    /// @dev Bounds the work of a view that other contracts may call.
    uint256 private constant MAXIMUM_RECOMMENDERS = 16;

    /// @inheritdoc IReputationLedger
    uint40 public immutable windowSeconds;
    uint256 private immutable _recentWeight;
    uint256 private immutable _olderWeight;
    uint256 private immutable _positiveWeight;
    uint256 private immutable _negativeWeight;
    address private immutable _deployer;

    bool private _isBound;
    /// @inheritdoc IReputationLedger
    mapping(address account => bool isSource) public isSource;
    mapping(address rater => mapping(address subject => PackedCounters counters)) private _pairs;
    mapping(address rater => PackedCounters counters) private _totals;
    /// @dev One more than the window of the first interaction with a subject, zero before it.
    mapping(address subject => uint256 windowPlusOne) private _subjects;

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
    function bindSources(address taskBoard, address atomicSale) external {
        // Check: the deployer binds for the first time.
        require(msg.sender == _deployer, ReputationLedger_NotDeployer(msg.sender));
        require(!_isBound, ReputationLedger_SourcesAlreadyBound());

        // Effect: the sources are bound for good.
        _isBound = true;
        isSource[taskBoard] = true;
        isSource[atomicSale] = true;
        emit SourcesBound(taskBoard, atomicSale);
    }

    /// @inheritdoc IReputationLedger
    function record(address rater, address subject, bool positive, bytes32 reference_) external {
        // Check: a source speaks, about two different accounts.
        require(isSource[msg.sender], ReputationLedger_NotSource(msg.sender));
        require(rater != subject, ReputationLedger_SelfRating(rater));

        // Effect: one more interaction of the pair and of the rater.
        uint256 window = _window();
        PackedCounters pair = _pairs[rater][subject];
        bool isFirst = pair.isEmpty();
        (bool fits, PackedCounters counters) = pair.recorded(window, positive);
        require(fits, ReputationLedger_CounterOverflow(rater, subject));
        _pairs[rater][subject] = isFirst ? counters.withLabel(window) : counters;
        if (isFirst && _subjects[subject] == 0) _subjects[subject] = window + 1;

        PackedCounters totals = _totals[rater];
        (fits, counters) = totals.recorded(window, positive);
        require(fits, ReputationLedger_CounterOverflow(rater, subject));
        _totals[rater] = _counted(totals, counters, window, isFirst, rater, subject);
        // The window index is at most the block time, which fits 40 bits until the year 36812.
        emit InteractionRecorded(rater, subject, positive, reference_, msg.sender, uint40(window));
    }

    /* VIEWS */

    /// @inheritdoc IReputationLedger
    function countsOf(address rater, address subject) external view returns (Counts memory) {
        return _pairs[rater][subject].countsAt(_window(), false);
    }

    /// @inheritdoc IReputationLedger
    function totalsOf(address rater) external view returns (Counts memory counts, uint256 subjects) {
        return _totalsOf(rater, Moment(_window(), false));
    }

    /// @inheritdoc IReputationLedger
    function opinionOf(address rater, address subject) external view returns (Opinion memory) {
        return OpinionLibrary.fromCounts(_pairs[rater][subject].countsAt(_window(), false), weights());
    }

    /// @inheritdoc IReputationLedger
    function reputationOf(address rater, address subject, address[] calldata recommenders)
        external
        view
        returns (Opinion memory opinion, uint256 expectation)
    {
        return _reputationOf(rater, subject, recommenders, Moment(_window(), false));
    }

    /// @inheritdoc IReputationLedger
    function openingCountsOf(address rater, address subject) external view returns (Counts memory) {
        return _pairs[rater][subject].countsAt(_window(), true);
    }

    /// @inheritdoc IReputationLedger
    function openingTotalsOf(address rater) external view returns (Counts memory counts, uint256 subjects) {
        return _totalsOf(rater, Moment(_window(), true));
    }

    /// @inheritdoc IReputationLedger
    function openingReputationOf(address rater, address subject, address[] calldata recommenders)
        external
        view
        returns (Opinion memory opinion, uint256 expectation)
    {
        return _reputationOf(rater, subject, recommenders, Moment(_window(), true));
    }

    /// @inheritdoc IReputationLedger
    function isKnownBefore(uint256 window, address rater, address subject) external view returns (bool) {
        if (rater == address(0)) return _subjects[subject] != 0 && _subjects[subject] <= window;
        PackedCounters pair = _pairs[rater][subject];
        return !pair.isEmpty() && pair.labelOf() < window;
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

    /// @dev Totals of a rater with its number of subjects brought up to date.
    function _counted(
        PackedCounters before,
        PackedCounters counters,
        uint256 window,
        bool isFirst,
        address rater,
        address subject
    ) private pure returns (PackedCounters) {
        if (!isFirst && before.windowOf() == window) return counters;
        (uint256 all, uint256 fresh) = before.subjectsAt(window);
        if (isFirst) (all, fresh) = (all + 1, fresh + 1);
        require(all <= type(uint24).max, ReputationLedger_CounterOverflow(rater, subject));
        return counters.withLabel(all | (fresh << 24));
    }

    function _reputationOf(address rater, address subject, address[] calldata recommenders, Moment memory moment)
        private
        view
        returns (Opinion memory opinion, uint256 expectation)
    {
        _requireFit(rater, recommenders);
        Weights memory weights_ = weights();
        Opinion[] memory opinions = new Opinion[](recommenders.length);
        uint256[] memory shares = new uint256[](recommenders.length);
        for (uint256 i; i < recommenders.length; ++i) {
            (opinions[i], shares[i]) = _recommendation(recommenders[i], subject, moment, weights_);
        }

        opinion = OpinionLibrary.fromCounts(_pairs[rater][subject].countsAt(moment.window, moment.isOpening), weights_);
        (bool exists, Opinion memory recommended) = OpinionLibrary.weightedMean(opinions, shares);
        if (exists) opinion = OpinionLibrary.cumulativeFusion(opinion, recommended);
        expectation = OpinionLibrary.expectation(opinion);
    }

    /// @dev A recommender's opinion of the subject and its weight among the recommenders.
    function _recommendation(
        address recommender,
        address subject,
        Moment memory moment,
        Weights memory weights_
    ) private view returns (Opinion memory opinion, uint256 share) {
        Counts memory counts = _pairs[recommender][subject].countsAt(moment.window, moment.isOpening);
        (uint256 positive, uint256 negative) = OpinionLibrary.weightedEvidence(counts, weights_);
        opinion = OpinionLibrary.fromEvidence(
            positive, negative, OpinionLibrary.evidenceUncertainty(OpinionLibrary.totalOf(counts))
        );

        (Counts memory totals, uint256 subjects) = _totalsOf(recommender, moment);
        (uint256 allPositive, uint256 allNegative) = OpinionLibrary.weightedEvidence(totals, weights_);
        share = OpinionLibrary.recommendationWeight(positive + negative, allPositive + allNegative, subjects);
    }

    function _totalsOf(address rater, Moment memory moment)
        private
        view
        returns (Counts memory counts, uint256 subjects)
    {
        PackedCounters totals = _totals[rater];
        (uint256 all, uint256 fresh) = totals.subjectsAt(moment.window);
        return (totals.countsAt(moment.window, moment.isOpening), moment.isOpening ? all - fresh : all);
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
