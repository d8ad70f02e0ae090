// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BidWord, BiddingTerms, ScoreWord} from "./AuctionWords.sol";

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
/// left out, then it settles: the contract replays the chain of commitments, finds winners and prices itself and keeps one
/// root of what everybody is owed. If the operator misses any of its times, anyone gets everybody refunded. Anyone may then
/// collect for anyone, for ever; only the account that is owed is paid.
interface IAuctionHouse {
    /* TYPES, EVENTS AND ERRORS */

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

    /// @notice One bid of the chain as it is replayed, in the order of commitment.
    /// @param word Bidder, submarket and, if it is opened, the amount.
    /// @param secret Salt of an opened bid, commitment of an unopened one.
    struct Bid {
        BidWord word;
        bytes32 secret;
    }

    /// @notice What is known of a round after some of its bids.
    /// @param head Of the chain of bids.
    /// @param scores Head of the chain of scores.
    /// @param bids Number of bids.
    /// @param onlineBids Number of online bids, which is that of scores.
    /// @param penalties Sum of the penalties of unopened bids, in wei.
    /// @param onlineIndex Place of the best online bid; `type(uint256).max` means none.
    /// @param onlineBid The best online bid.
    /// @param onlineScore Its score.
    /// @param onlineValue Bid and expected surplus of the best online bid, in wei.
    /// @param onlineSecond The same of the second best.
    /// @param offlineIndex Place of the best offline bid; `type(uint256).max` means none.
    /// @param offlineBidder Who made it.
    /// @param offlineValue The best offline bid, in wei per second.
    /// @param offlineSecond The second best.
    struct Standing {
        bytes28 head;
        bytes32 scores;
        uint256 bids;
        uint256 onlineBids;
        uint256 penalties;
        uint256 onlineIndex;
        BidWord onlineBid;
        ScoreWord onlineScore;
        uint256 onlineValue;
        uint256 onlineSecond;
        uint256 offlineIndex;
        address offlineBidder;
        uint256 offlineValue;
        uint256 offlineSecond;
    }

    /// @notice What an account is owed by an ended round.
    /// @param index Place of its bid; after the bids come the beneficiary's income, the treasury's penalties and the unused part
    /// of the operator's advance; in a refunded round only the operator's advance.
    /// @param account Who is paid.
    /// @param amount In wei.
    struct Entitlement {
        uint24 index;
        address account;
        uint160 amount;
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
        bytes32 indexed roundId, address indexed bidder, uint256 index, Submarket submarket, bytes32 commitment
    );
    event ScoresPublished(bytes32 indexed roundId, bytes32 inputsHash, ScoreWord[] scores, bytes inputs);
    event OpeningsDeclared(bytes32 indexed roundId, uint256[] bitmap);
    event OwnBidOpened(
        bytes32 indexed roundId, address indexed bidder, uint256 index, Submarket submarket, uint256 amount, bytes32 salt
    );
    event RoundSettled(bytes32 indexed roundId, bytes32 entitlements, Result result, BidWord[] bids);
    event RoundRefunded(bytes32 indexed roundId, bytes32 entitlements, address caller);
    event EntitlementCollected(bytes32 indexed roundId, address indexed account, uint256 index, uint256 amount);

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
    error AuctionHouse_ScoreTooLong(uint256 index, uint32 simulationSeconds, uint32 maximumSeconds);
    error AuctionHouse_InputsMismatch(bytes32 stated, bytes32 computed);
    error AuctionHouse_AmountTooLarge(uint256 amount, uint256 maximum);
    error AuctionHouse_BitmapMismatch(bytes32 roundId);
    error AuctionHouse_BitmapLength(uint256 words, uint256 required);
    error AuctionHouse_UnknownBid(bytes32 roundId, uint256 index);
    error AuctionHouse_AlreadyDeclared(bytes32 roundId, uint256 index);
    error AuctionHouse_WrongOpening(bytes32 roundId, uint256 index);
    error AuctionHouse_RefundNotDue(bytes32 roundId, State state);
    error AuctionHouse_NotEnded(bytes32 roundId, State state);
    error AuctionHouse_NotEntitled(bytes32 roundId);
    error AuctionHouse_AlreadyCollected(bytes32 roundId, uint256 index);

    /* BIDDING */

    /// @notice Opens a round; the value advances the brand's price, brandPrice * maximumSeconds, and what is not used of it
    /// returns to the operator.
    /// @dev Requirements: caller is an active operator and `terms.operator`; beneficiary an active roadside unit; times ascending
    /// and ahead; alpha from 1e18, below 2^128; deposits and maximumSeconds not zero; maximumBids from 1 to 1800, so that the
    /// round can end in one transaction; penalty at most 10000.
    function openRound(Terms calldata terms) external payable returns (bytes32 roundId);

    /// @notice Commits a sealed bid with its submarket's deposit.
    /// @dev Requirements: `bidding` and `termsHash` are those of an open round, see {partsOf}; before `commitUntil`; caller is an
    /// active vehicle (online) or model provider (offline); round not full.
    function commitBid(BiddingTerms bidding, bytes32 termsHash, Submarket submarket, bytes32 commitment) external payable;

    /* SCORING AND OPENING */

    /// @notice Publishes the scores of the online bids and the inputs they were computed from, before any bid is opened.
    /// @dev Requirements: caller is the operator; from `commitUntil`, before `scoreUntil`; one score per online bid (checked at
    /// settlement); `inputsHash` is sha256 of `inputs`; simulation times within the maximum.
    function publishScores(Terms calldata terms, ScoreWord[] calldata scores, bytes32 inputsHash, bytes calldata inputs)
        external;

    /// @notice Declares which bids the operator can open: bit i of word i/256 for the bid of index i.
    /// @dev Requirements: caller is the operator; scored; before `declareUntil`; one word per 256 bids.
    function declareOpenings(Terms calldata terms, uint256[] calldata bitmap) external;

    /// @notice Opens the caller's own bid that the operator left out of its declaration.
    /// @dev Requirements: declared; from the declaration until `openUntil`; bit of `index` not set; amount below 2^94. That the
    /// opening is that of the committed bid is checked at settlement, where a false opening changes nothing.
    function openOwnBid(
        Terms calldata terms,
        uint256 index,
        Submarket submarket,
        uint256 amount,
        bytes32 salt,
        uint256[] calldata bitmap
    ) external;

    /* ENDING */

    /// @notice Replays the chain of commitments, finds winners and prices and keeps what everybody is owed.
    /// @dev Requirements: caller is the operator; declared; from `openUntil`, before `settleUntil`; bids reproduce the chain,
    /// scores and bitmap theirs; every declared and every validly self-opened bid is opened, and no other.
    function settle(
        Terms calldata terms,
        Bid[] calldata bids,
        ScoreWord[] calldata scores,
        uint256[] calldata bitmap
    ) external;

    /// @notice Returns every deposit when the operator missed one of its times; callable by anyone.
    /// @dev Requirements: `bids`, opened or not, reproduce the chain.
    function refundAll(Terms calldata terms, Bid[] calldata bids) external;

    /// @notice Pays an account what an ended round owes it; callable by anyone, at any time.
    /// @dev Requirements: settled or refunded; `proof` leads from the entitlement to the round's root; not collected before. The
    /// caller itself is paid directly, others by a send of 30,000 gas or else a credit in {IPayouts}.
    function collect(bytes32 roundId, Entitlement calldata entitlement, bytes32[] calldata proof) external;

    /// @notice The same for many entitlements at once.
    /// @dev Requirements: those of {collect}; entitlements in ascending order of their index; `proof` and `proofFlags` are
    /// OpenZeppelin's multiproof of them.
    function collectMany(
        bytes32 roundId,
        Entitlement[] calldata entitlements,
        bytes32[] calldata proof,
        bool[] calldata proofFlags
    ) external;

    /* VIEWS */

    /// @notice State of a round, number of bids and head of the chain (upper 224 bits).
    function roundOf(bytes32 roundId) external view returns (State state, uint24 bids, bytes32 head);

    /// @notice Root of the entitlements of an ended round; zero before.
    function entitlementsOf(bytes32 roundId) external view returns (bytes32);

    /// @notice Whether an entitlement of a round was collected.
    function isCollected(bytes32 roundId, uint256 index) external view returns (bool);

    /// @notice Id of a round: hash of chain, contract and both parts of its terms.
    function idOf(Terms calldata terms) external view returns (bytes32);

    /// @notice What bidders pass of a round's terms: the values that a bid needs, and the hash of all.
    function partsOf(Terms calldata terms) external pure returns (BiddingTerms bidding, bytes32 termsHash);

    /// @notice Commitment of a bid; binds chain, contract, round, bidder, submarket, amount and salt.
    /// @dev Requirements: amount below 2^94.
    function commitmentOf(bytes32 roundId, address bidder, Submarket submarket, uint256 amount, bytes32 salt)
        external
        view
        returns (bytes32);
}
