// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuctionHouse} from "./IAuctionHouse.sol";

/// @title BidChainLibrary
/// @notice The hash chain in which a round keeps its sealed bids, and the bitmap of the bids its operator can open.
/// @dev head' = first 28 bytes of keccak256(head, index, bidder, submarket, commitment), starting from zero. With 224 bits a
/// second chain of bids under the same head stays out of reach (2^112 trials for any pair), and state and number of bids
/// fit in the same slot.
library BidChainLibrary {
    uint256 private constant BITS = 256;

    /// @notice Head of the chain after one more bid.
    function append(bytes28 head, uint256 index, address bidder, IAuctionHouse.Submarket submarket, bytes32 commitment)
        internal
        pure
        returns (bytes28)
    {
        return bytes28(keccak256(abi.encode(bytes32(head), index, bidder, submarket, commitment)));
    }

    /// @notice Commitment of a bid to one round of the calling contract on this chain.
    /// @dev The bidder is part of it, so that a copied commitment cannot be opened by the copier.
    function commitmentOf(
        bytes32 roundId,
        address bidder,
        IAuctionHouse.Submarket submarket,
        uint96 amount,
        bytes32 salt
    ) internal view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), roundId, bidder, submarket, amount, salt));
    }

    /// @notice Commitment of a bid as the operator replays it: computed if opened, as stated if not.
    function commitmentOf(bytes32 roundId, IAuctionHouse.Bid calldata bid) internal view returns (bytes32) {
        return bid.opened ? commitmentOf(roundId, bid.bidder, bid.submarket, bid.amount, bid.secret) : bid.secret;
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
