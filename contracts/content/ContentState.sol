// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

using ContentStates for ContentState global;

/// @dev What the register knows of a token beside its owner; it shares the owner's word, so that registering, freezing and
/// moving content each touch one word:
///
///     16 bits | 8        | 8       | 8          | 8        | 16         | 32            | 160
///     empty   | disputed | removed | challenged | exchange | royaltyBps | creatorNumber | owner
type ContentState is uint96;

/// @title ContentStates
/// @notice Reads and changes a {ContentState}.
library ContentStates {
    uint256 private constant ROYALTY_SHIFT = 32;
    uint256 private constant EXCHANGE_SHIFT = 48;
    uint256 private constant CHALLENGED_SHIFT = 56;
    uint256 private constant REMOVED_SHIFT = 64;
    uint256 private constant DISPUTED_SHIFT = 72;

    /// @notice State of content that was just registered.
    function created(uint32 creatorNumber_, uint16 royaltyBps_) internal pure returns (ContentState) {
        return ContentState.wrap(uint96(royaltyBps_) << uint96(ROYALTY_SHIFT) | creatorNumber_);
    }

    /// @notice Member number of who registered; zero only where nothing was.
    function creatorNumber(ContentState self) internal pure returns (uint32) {
        return uint32(ContentState.unwrap(self));
    }

    /// @notice The creator's share of later sales in hundredths of a percent.
    function royaltyBps(ContentState self) internal pure returns (uint16) {
        return uint16(ContentState.unwrap(self) >> ROYALTY_SHIFT);
    }

    /// @notice Number of the custodian that froze it for an exchange, zero if none.
    function exchange(ContentState self) internal pure returns (uint8) {
        return uint8(ContentState.unwrap(self) >> EXCHANGE_SHIFT);
    }

    function isChallenged(ContentState self) internal pure returns (bool) {
        return uint8(ContentState.unwrap(self) >> CHALLENGED_SHIFT) != 0;
    }

    function isRemoved(ContentState self) internal pure returns (bool) {
        return uint8(ContentState.unwrap(self) >> REMOVED_SHIFT) != 0;
    }

    function isDisputed(ContentState self) internal pure returns (bool) {
        return uint8(ContentState.unwrap(self) >> DISPUTED_SHIFT) != 0;
    }

    /// @notice Whether nothing keeps the content from moving.
    function isFree(ContentState self) internal pure returns (bool) {
        return ContentState.unwrap(self) >> EXCHANGE_SHIFT == 0;
    }

    function withExchange(ContentState self, uint8 number) internal pure returns (ContentState) {
        return _with(self, EXCHANGE_SHIFT, number);
    }

    function withChallenged(ContentState self, bool challenged) internal pure returns (ContentState) {
        return _with(self, CHALLENGED_SHIFT, challenged ? 1 : 0);
    }

    function withRemoved(ContentState self) internal pure returns (ContentState) {
        return _with(self, REMOVED_SHIFT, 1);
    }

    function withDisputed(ContentState self, bool disputed) internal pure returns (ContentState) {
        return _with(self, DISPUTED_SHIFT, disputed ? 1 : 0);
    }

    function _with(ContentState self, uint256 shift, uint8 value) private pure returns (ContentState) {
        uint256 cleared = ContentState.unwrap(self) & ~(uint256(type(uint8).max) << shift);
        // Safe cast: no field reaches beyond bit 80.
        return ContentState.wrap(uint96(cleared | uint256(value) << shift));
    }
}
