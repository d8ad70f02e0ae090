// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title IAuctionHouse
/// @notice Sealed-bid rounds with an online and an offline submarket (corrected EPViSA / MTEPViSA payment rules).
/// @dev Online: vehicles bid for the synchronisation of their digital twins with the roadside unit; the highest score
/// bid + bid * proportional + additive wins and pays its critical bid. Offline: simulators bid per second of simulation
/// shown to the winning vehicle; the highest wins if it exceeds alpha times the second highest and pays alpha times that
/// second highest per second; otherwise the brand simulator gets the slot at its posted price.
/// Sealed bids form a hash chain, one slot a round. Times:
///
///     open        commitUntil      scoreUntil      declareUntil       openUntil        settleUntil
///      |-- commit --|-- publishScores --|-- declare --|-- openOwnBid --|---- settle ----|-- refundAll -->
///
/// The operator publishes scores before it can see a bid, declares which bids it can open, bidders open on chain what it
/// left out, then it settles: the contract replays the chain of commitments, finds winners and prices itself and pays
/// everybody. If the operator misses any of its times, anyone gets everybody refunded.
interface IAuctionHouse {
    enum Submarket {
        Online,
        Offline
    }

    enum State {
        None,
        Open,
        Scored,
        Declared,
        Settled,
        Refunded
    }

    /// @notice The terms of a round.
    /// @param operator Who runs the round.
    /// @param beneficiary Roadside unit that sells and is paid.
    /// @param brand Brand simulator that gets the slot at the posted price when no simulator wins it; zero only if the
    /// brand price is zero. The operator advances its price with the opening, under their contract off-chain.
    /// @param commitUntil First second in which bids are no longer taken.
    /// @param scoreUntil First second in which scores are no longer taken.
    /// @param declareUntil First second in which the declaration is no longer taken.
    /// @param openUntil First second in which bidders can no longer open, and settlement may begin.
    /// @param settleUntil First second of refund for all.
    /// @param onlineDeposit Deposit in wei of an online bid; higher bids are clipped to it.
    /// @param offlineDeposit Deposit in wei of an offline bid; bids per second are clipped to deposit / maximumSeconds.
    /// @param onlineReserve Least score that wins online, in wei.
    /// @param offlineReserve Least second price per second offline, in wei.
    /// @param brandPrice Posted price of the brand per second, in wei.
    /// @param alpha Price factor of the modified second bid, 1e18 fixed point, at least 1e18.
    /// @param maximumSeconds Most simulation seconds a score may state.
    /// @param penaltyBps Share of the deposit that an unopened bid loses, in hundredths of a percent.
    /// @param maximumBids Most bids of both submarkets together.
    /// @param salt Makes equal terms distinct.
    struct Terms {
        address operator;
        address beneficiary;
        address brand;
        uint40 commitUntil;
        uint40 scoreUntil;
        uint40 declareUntil;
        uint40 openUntil;
        uint40 settleUntil;
        uint96 onlineDeposit;
        uint96 offlineDeposit;
        uint96 onlineReserve;
        uint96 offlineReserve;
        uint96 brandPrice;
        uint256 alpha;
        uint32 maximumSeconds;
        uint16 penaltyBps;
        uint16 maximumBids;
        bytes32 salt;
    }

    /// @notice Score of one online bid, in the order of online commitments.
    /// @param proportional Expected offline surplus per unit of the bid, 1e18 fixed point (rule b of the corrected payment).
    /// @param additive Expected offline surplus that does not depend on the bid, in wei (rule a).
    /// @param simulationSeconds Simulation time that would be sold with this vehicle.
    struct Score {
        uint128 proportional;
        uint96 additive;
        uint32 simulationSeconds;
    }

    /// @notice One bid of the chain as the operator replays it, in the order of commitment.
    /// @param bidder Who committed.
    /// @param submarket Which submarket.
    /// @param opened Whether amount and salt are given; else `secret` is the commitment itself.
    /// @param amount Bid in wei (online), or wei per second (offline); zero when not opened.
    /// @param secret Salt of an opened bid, commitment of an unopened one.
    struct Bid {
        address bidder;
        Submarket submarket;
        bool opened;
        uint96 amount;
        bytes32 secret;
    }

    /// @notice The outcome of a round as computed on chain. Index is the position in the chain; `type(uint256).max` means none.
    struct Result {
        uint256 onlineIndex;
        address onlineWinner;
        uint256 onlinePrice;
        uint256 offlineIndex;
        address offlineWinner;
        uint256 offlinePrice;
        uint32 simulationSeconds;
        uint256 penalties;
    }

    event RoundOpened(bytes32 indexed roundId, address indexed operator, Terms terms);
    event BidCommitted(
        bytes32 indexed roundId, address indexed bidder, uint256 index, Submarket submarket, bytes32 commitment, uint256 deposit
    );
    event ScoresPublished(bytes32 indexed roundId, bytes32 inputsHash, Score[] scores, bytes inputs);
    event OpeningsDeclared(bytes32 indexed roundId, uint256[] bitmap);
    event OwnBidOpened(bytes32 indexed roundId, address indexed bidder, uint256 index, uint96 amount, bytes32 salt);
    event RoundSettled(bytes32 indexed roundId, Result result, Bid[] bids);
    event RoundRefunded(bytes32 indexed roundId, address caller, uint256 bids);

    error AuctionHouse_NotOperator(address caller, address operator);
    error AuctionHouse_BadTimes();
    error AuctionHouse_BadTerms(string field);
    error AuctionHouse_ValueMismatch(uint256 sent, uint256 required);
    error AuctionHouse_AlreadyExists(bytes32 roundId, State state);
    error AuctionHouse_WrongState(bytes32 roundId, State state, State required);
    error AuctionHouse_TooLate(uint40 limit, uint256 blockTimestamp);
    error AuctionHouse_TooEarly(uint40 limit, uint256 blockTimestamp);
    error AuctionHouse_RoundFull(bytes32 roundId, uint16 maximumBids);
    error AuctionHouse_ChainMismatch(bytes32 roundId);
    error AuctionHouse_ScoresMismatch(bytes32 roundId);
    error AuctionHouse_ScoreCount(uint256 given, uint256 required);
    error AuctionHouse_ScoreTooLong(uint256 index, uint32 simulationSeconds, uint32 maximumSeconds);
    error AuctionHouse_InputsMismatch(bytes32 stated, bytes32 computed);
    error AuctionHouse_BitmapMismatch(bytes32 roundId);
    error AuctionHouse_BitmapLength(uint256 words, uint256 required);
    error AuctionHouse_AlreadyDeclared(bytes32 roundId, uint256 index);
    error AuctionHouse_DeclaredBidNotOpened(bytes32 roundId, uint256 index);
    error AuctionHouse_OpenedBidLeftOut(bytes32 roundId, uint256 index);
    error AuctionHouse_BadOpening(bytes32 roundId, uint256 index);
    error AuctionHouse_RefundNotDue(bytes32 roundId, State state);

    /// @notice Opens a round; the value advances the brand's price, brandPrice * maximumSeconds, and what is not used of it
    /// returns to the operator.
    /// @dev Requirements: caller is an active operator and `terms.operator`; beneficiary an active roadside unit; times ascending
    /// and ahead; alpha from 1e18, below 2^128; deposits and maximumSeconds not zero; maximumBids from 1 to 350, so that the
    /// round can end in one transaction; penalty at most 10000.
    function openRound(Terms calldata terms) external payable returns (bytes32 roundId);

    /// @notice Commits a sealed bid with its submarket's deposit.
    /// @dev Requirements: before `commitUntil`; caller is an active vehicle (online) or model provider (offline); round not full.
    function commitBid(Terms calldata terms, Submarket submarket, bytes32 commitment) external payable;

    /// @notice Publishes the scores of the online bids and the inputs they were computed from, before any bid is opened.
    /// @dev Requirements: caller is the operator; from `commitUntil`, before `scoreUntil`; one score per online bid (checked at
    /// settlement); `inputsHash` is sha256 of `inputs`; simulation times within the maximum.
    function publishScores(Terms calldata terms, Score[] calldata scores, bytes32 inputsHash, bytes calldata inputs) external;

    /// @notice Declares which bids the operator can open: bit i of word i/256 for the bid of index i.
    /// @dev Requirements: caller is the operator; scored; before `declareUntil`; one word per 256 bids.
    function declareOpenings(Terms calldata terms, uint256[] calldata bitmap) external;

    /// @notice Opens the caller's own bid that the operator left out of its declaration.
    /// @dev Requirements: declared; from the declaration until `openUntil`; bit of `index` not set. That the opening is that of the
    /// committed bid is checked at settlement, where a false opening changes nothing.
    function openOwnBid(Terms calldata terms, uint256 index, uint96 amount, bytes32 salt, uint256[] calldata bitmap) external;

    /// @notice Replays the chain of commitments, finds winners and prices and pays everybody.
    /// @dev Requirements: caller is the operator; declared; from `openUntil`, before `settleUntil`; bids reproduce the chain,
    /// scores and bitmap their hashes; every declared and every validly self-opened bid is opened, and no other.
    function settle(Terms calldata terms, Bid[] calldata bids, Score[] calldata scores, uint256[] calldata bitmap) external;

    /// @notice Returns every deposit when the operator missed one of its times; callable by anyone.
    /// @dev `bids` with `opened` false and `secret` the commitment reproduce the chain.
    function refundAll(Terms calldata terms, Bid[] calldata bids) external;

    /// @notice State of a round, number of bids and head of the chain (upper 224 bits).
    function roundOf(bytes32 roundId) external view returns (State state, uint24 bids, bytes32 head);

    /// @notice Id of a round: hash of chain, contract and terms.
    function idOf(Terms calldata terms) external view returns (bytes32);

    /// @notice Commitment of a bid; binds chain, contract, round, bidder, submarket, amount and salt.
    function commitmentOf(bytes32 roundId, address bidder, Submarket submarket, uint96 amount, bytes32 salt)
        external
        view
        returns (bytes32);
}
