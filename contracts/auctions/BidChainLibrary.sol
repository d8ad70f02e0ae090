// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {BidWord, ScoreWord} from "./AuctionWords.sol";

/// @title BidChainLibrary
/// @notice The hash chains in which a round keeps its sealed bids and its scores, and the bitmap of the bids its operator
/// can open.
/// @dev `H(a, b)` is keccak256 of two words. With 224 bits a second chain of bids under the same head stays out of reach (2^112
/// trials for any pair), and state and number of bids fit in the same slot. The place of a bid is the length of the chain
/// before it.
///
///     commitment = H(H(roundId, opened bid), salt)
///     head'      = first 28 bytes of H(H(head, bidder and submarket), commitment), starting from zero
///     scores'    = H(scores, score), starting from zero
library BidChainLibrary {
    uint256 private constant BITS = 256;

    /// @notice Head of the chain after one more bid.
    function append(bytes28 head, BidWord bid, bytes32 commitment) internal pure returns (bytes28) {
        bytes32 inner = Hashes.efficientKeccak256(bytes32(head), bytes32(BidWord.unwrap(bid.identity())));
        return bytes28(Hashes.efficientKeccak256(inner, commitment));
    }

    /// @notice Head of the scores after one more.
    function append(bytes32 head, ScoreWord score) internal pure returns (bytes32) {
        return Hashes.efficientKeccak256(head, bytes32(ScoreWord.unwrap(score)));
    }

    /// @notice Commitment to an opened bid of one round; the round's id binds chain and contract.
    /// @dev The bidder is part of it, so that a copied commitment cannot be opened by the copier.
    function commitmentOf(bytes32 roundId, BidWord bid, bytes32 salt) internal pure returns (bytes32) {
        return Hashes.efficientKeccak256(Hashes.efficientKeccak256(roundId, bytes32(BidWord.unwrap(bid))), salt);
    }

    /// @notice Commitment of a bid as it is replayed: computed with its salt if opened, the secret itself if not.
    function replayedCommitment(bytes32 roundId, BidWord bid, bytes32 secret) internal pure returns (bytes32) {
        return bid.isOpened() ? commitmentOf(roundId, bid, secret) : secret;
    }

    /// @notice Number of 256-bit words of a bitmap over `count` bids.
    function wordsFor(uint256 count) internal pure returns (uint256) {
        return (count + BITS - 1) / BITS;
    }

    /// @notice Whether the bit of a bid is set; `index` within the words of the bitmap.
    function isSet(uint256[] calldata bitmap, uint256 index) internal pure returns (bool) {
        return (bitmap[index / BITS] >> (index % BITS)) & 1 == 1;
    }
}
