// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChallenges} from "./IChallenges.sol";

/// @title ChallengeDocketLibrary
/// @notice The one word that is stored of a challenger's matter against a token.
/// @dev Packed by hand so that opening a challenge writes exactly one slot, once:
///
///     160 digest | 40 deadline | 16 attempts | 8 rejections | 8 lane | 8 flags (1 contested, 2 upheld) | 8 state | 8 empty
library ChallengeDocketLibrary {
    uint256 private constant CONTESTED = 1;
    uint256 private constant UPHELD = 2;

    function pack(IChallenges.Docket memory docket) internal pure returns (uint256 word) {
        uint256 flags = (docket.contested ? CONTESTED : 0) | (docket.upheld ? UPHELD : 0);
        word = uint256(uint160(docket.digest)) << 96 | uint256(docket.deadline) << 56 | uint256(docket.attempts) << 40;
        word |= uint256(docket.rejections) << 32 | uint256(docket.lane) << 24 | flags << 16 | uint256(docket.state) << 8;
    }

    function unpack(uint256 word) internal pure returns (IChallenges.Docket memory docket) {
        // Every cast cuts off the fields above.
        docket.digest = bytes20(uint160(word >> 96));
        docket.deadline = uint40(word >> 56);
        docket.attempts = uint16(word >> 40);
        docket.rejections = uint8(word >> 32);
        docket.lane = uint8(word >> 24);
        docket.contested = (word >> 16) & CONTESTED != 0;
        docket.upheld = (word >> 16) & UPHELD != 0;
        docket.state = IChallenges.State(uint8(word >> 8));
    }
}
