// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {IPayouts} from "../payments/IPayouts.sol";
import {Payments} from "../payments/Payments.sol";
import {AuctionRounds} from "./AuctionRounds.sol";
import {AuctionSettlementLibrary} from "./AuctionSettlementLibrary.sol";
import {BidWord, ScoreWord} from "./AuctionWords.sol";
import {BidChainLibrary} from "./BidChainLibrary.sol";
import {EntitlementTree} from "./EntitlementTree.sol";
import {IAuctionHouse} from "./IAuctionHouse.sol";

/// @title AuctionHouse
/// @dev A round ends with one slot for all its money, the root of {EntitlementTree}; everybody is then paid on its own, so no
/// party's refusal can block another's.
contract AuctionHouse is AuctionRounds {
    using BidChainLibrary for bytes28;
    using BidChainLibrary for bytes32;
    using BitMaps for BitMaps.BitMap;
    using EntitlementTree for bytes32[];

    /// @notice Most bids that a round's terms may allow: ending it, with every bid opened by its bidder, fits into one
    /// transaction of Ethereum (2^24 gas, EIP-7825).
    uint16 public constant MAXIMUM_BIDS = 1800;

    /// @notice Where amounts wait whose account does not accept them.
    IPayouts public immutable payouts;

    /// @notice Who receives the penalties of unopened bids.
    address public immutable treasury;

    constructor(address membership_, address forwarder, address payouts_, address treasury_)
        AuctionRounds(membership_, forwarder)
    {
        require(treasury_ != address(0), AuctionHouse_BadTerms("treasury"));
        payouts = IPayouts(payouts_);
        treasury = treasury_;
    }

    /* ENDING */

    /// @inheritdoc IAuctionHouse
    function settle(
        Terms calldata terms,
        Bid[] calldata bids,
        ScoreWord[] calldata scores,
        uint256[] calldata bitmap
    ) external {
        // Check: the operator's time to settle, with the scores, openings and bids of this round.
        bytes32 roundId = idOf(terms);
        _requireSettling(roundId, terms, bitmap);
        require(bids.length == _rounds[roundId].bids, AuctionHouse_ChainMismatch(roundId));
        AuctionSettlementLibrary.Limits memory limits = AuctionSettlementLibrary.limitsOf(terms);
        Standing memory standing = AuctionSettlementLibrary.start();
        _requireRight(roundId, standing, _replay(roundId, limits, standing, bids, scores, bitmap));

        // Effect: settle the round.
        _settle(roundId, terms, limits, AuctionSettlementLibrary.resultOf(terms, standing), bids);
    }

    /// @inheritdoc IAuctionHouse
    function refundAll(Terms calldata terms, Bid[] calldata bids) external {
        // Check: the operator missed one of its times; these are the bids of this round.
        bytes32 roundId = idOf(terms);
        State state = _rounds[roundId].state;
        require(_isRefundDue(terms, state), AuctionHouse_RefundNotDue(roundId, state));
        bytes28 head;
        bytes32[] memory tree = EntitlementTree.allocate(bids.length + 1);
        for (uint256 i; i < bids.length; ++i) {
            BidWord bid = bids[i].word;
            head = head.append(bid, roundId.replayedCommitment(bid, bids[i].secret));
            uint256 deposit = AuctionSettlementLibrary.depositOf(terms, bid.isOffline());
            tree.set(i, EntitlementTree.leafOf(i, bid.bidderOf(), deposit));
        }
        Round storage round = _rounds[roundId];
        require(head == round.head && bids.length == round.bids, AuctionHouse_ChainMismatch(roundId));

        // Effect: call the round off.
        uint256 advance = AuctionSettlementLibrary.advanceOf(terms);
        tree.set(bids.length, EntitlementTree.leafOf(bids.length, terms.operator, advance));
        bytes32 entitlements = tree.rootOf();
        _end(roundId, State.Refunded, entitlements);
        emit RoundRefunded(roundId, entitlements, _msgSender());
    }

    /* COLLECTING */

    /// @inheritdoc IAuctionHouse
    function collect(bytes32 roundId, Entitlement calldata entitlement, bytes32[] calldata proof) external {
        // Check: the round has ended and owes this.
        bytes32 root = _requireEnded(roundId);
        bytes32 leaf = _leafOf(entitlement);
        require(MerkleProof.verifyCalldata(proof, root, leaf), AuctionHouse_NotEntitled(roundId));

        // Effect: collect it once.
        _markCollected(roundId, entitlement);

        // Interaction: pay the account, whoever called.
        _pay(entitlement, _msgSender());
    }

    /// @inheritdoc IAuctionHouse
    function collectMany(
        bytes32 roundId,
        Entitlement[] calldata entitlements,
        bytes32[] calldata proof,
        bool[] calldata proofFlags
    ) external {
        // Check: the round has ended and owes all of these.
        bytes32 root = _requireEnded(roundId);
        bytes32[] memory leaves = new bytes32[](entitlements.length);
        for (uint256 i; i < leaves.length; ++i) {
            leaves[i] = _leafOf(entitlements[i]);
        }
        require(
            MerkleProof.multiProofVerifyCalldata(proof, proofFlags, root, leaves), AuctionHouse_NotEntitled(roundId)
        );

        // Effect: collect each once.
        for (uint256 i; i < leaves.length; ++i) {
            _markCollected(roundId, entitlements[i]);
        }

        // Interaction: pay each account, whoever called.
        address caller = _msgSender();
        for (uint256 i; i < leaves.length; ++i) {
            _pay(entitlements[i], caller);
        }
    }

    /* VIEWS */

    /// @inheritdoc IAuctionHouse
    function entitlementsOf(bytes32 roundId) external view returns (bytes32) {
        State state = _rounds[roundId].state;
        return state == State.Settled || state == State.Refunded ? _rounds[roundId].scoresOrEntitlements : bytes32(0);
    }

    /// @inheritdoc IAuctionHouse
    function isCollected(bytes32 roundId, uint256 index) external view returns (bool) {
        return _rounds[roundId].collected.get(index);
    }

    /* INTERNAL */

    function _end(bytes32 roundId, State state, bytes32 entitlements) private {
        Round storage round = _rounds[roundId];
        round.state = state;
        round.scoresOrEntitlements = entitlements;
        round.bitmapHash = 0;
    }

    function _markCollected(bytes32 roundId, Entitlement calldata entitlement) private {
        BitMaps.BitMap storage collected = _rounds[roundId].collected;
        uint256 index = entitlement.index;
        require(!collected.get(index), AuctionHouse_AlreadyCollected(roundId, index));
        collected.set(index);
        emit EntitlementCollected(roundId, entitlement.account, index, entitlement.amount);
    }

    /// @dev Warning: hands control to the account; only after all effects.
    function _pay(Entitlement calldata entitlement, address caller) private {
        if (entitlement.account == caller) Payments.payCaller(caller, entitlement.amount);
        else Payments.payOrCredit(payouts, entitlement.account, entitlement.amount);
    }

    function _settle(
        bytes32 roundId,
        Terms calldata terms,
        AuctionSettlementLibrary.Limits memory limits,
        Result memory result,
        Bid[] calldata bids
    ) private {
        (bytes32 entitlements, BidWord[] memory words) = _settledEntitlements(terms, limits, bids, result);
        _end(roundId, State.Settled, entitlements);
        emit RoundSettled(roundId, entitlements, result, words);
    }

    function _settledEntitlements(
        Terms calldata terms,
        AuctionSettlementLibrary.Limits memory limits,
        Bid[] calldata bids,
        Result memory result
    ) private view returns (bytes32 root, BidWord[] memory words) {
        uint256 count = bids.length;
        words = new BidWord[](count);
        bytes32[] memory tree = EntitlementTree.allocate(count + 3);
        for (uint256 i; i < count; ++i) {
            BidWord word = bids[i].word;
            words[i] = word;
            uint256 refund = AuctionSettlementLibrary.refundOf(limits, result, i, word);
            tree.set(i, EntitlementTree.leafOf(i, word.bidderOf(), refund));
        }
        uint256 income = result.onlinePrice + result.offlinePrice;
        uint256 unused = AuctionSettlementLibrary.unusedAdvanceOf(terms, result);
        tree.set(count, EntitlementTree.leafOf(count, terms.beneficiary, income));
        tree.set(count + 1, EntitlementTree.leafOf(count + 1, treasury, result.penalties));
        tree.set(count + 2, EntitlementTree.leafOf(count + 2, terms.operator, unused));
        root = tree.rootOf();
    }

    function _leafOf(Entitlement calldata entitlement) private pure returns (bytes32) {
        return EntitlementTree.leafOf(entitlement.index, entitlement.account, entitlement.amount);
    }

    function _maximumBids() internal pure override returns (uint256) {
        return MAXIMUM_BIDS;
    }

    function _requireEnded(bytes32 roundId) private view returns (bytes32 root) {
        State state = _rounds[roundId].state;
        require(state == State.Settled || state == State.Refunded, AuctionHouse_NotEnded(roundId, state));
        return _rounds[roundId].scoresOrEntitlements;
    }

    function _requireSettling(bytes32 roundId, Terms calldata terms, uint256[] calldata bitmap) private view {
        _requireState(roundId, State.Declared);
        _requireOperator(terms);
        _requireFrom(terms.openUntil);
        _requireBefore(terms.settleUntil);
        _requireBitmap(roundId, bitmap);
    }

    /// @dev All bids and all scores, no others, and each bid opened that must be.
    function _requireRight(bytes32 roundId, Standing memory standing, uint256 wrongOpening) private view {
        Round storage round = _rounds[roundId];
        require(standing.head == round.head, AuctionHouse_ChainMismatch(roundId));
        require(standing.scores == round.scoresOrEntitlements, AuctionHouse_ScoresMismatch(roundId));
        bool opened = wrongOpening == AuctionSettlementLibrary.NONE;
        require(opened, AuctionHouse_WrongOpening(roundId, wrongOpening));
    }

    function _isRefundDue(Terms calldata terms, State state) private view returns (bool) {
        if (state == State.Open) return block.timestamp >= terms.scoreUntil;
        if (state == State.Scored) return block.timestamp >= terms.declareUntil;
        return state == State.Declared && block.timestamp >= terms.settleUntil;
    }
}
