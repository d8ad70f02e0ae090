// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC2771Context} from "@openzeppelin/contracts/metatx/ERC2771Context.sol";
import {IMembership} from "./IMembership.sol";

/// @title MemberContext
/// @notice Base of every contract that members call, directly or through the trusted forwarder.
/// @dev The caller is always `_msgSender()`. Only functions that open something ask for membership; claims, refunds and
/// withdrawals do not, so that leaving the consortium never locks funds.
abstract contract MemberContext is ERC2771Context {
    /// @notice The membership registry that is asked.
    IMembership public immutable membership;

    constructor(address membership_, address forwarder) ERC2771Context(forwarder) {
        membership = IMembership(membership_);
    }

    /// @dev Reverts with {IMembership-Membership_NotActive} or {IMembership-Membership_MissingRole}; returns the caller's
    /// member number.
    function _requireRole(uint16 role) internal view returns (uint32 number) {
        return membership.requireRole(_msgSender(), role);
    }

    /// @dev Reverts with {IMembership-Membership_NotActive}.
    function _requireActive() internal view {
        membership.requireActive(_msgSender());
    }
}
