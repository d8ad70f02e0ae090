// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Roles
/// @notice The eight roles of the consortium, one bit each, as they stand in a member's packed word.
library Roles {
    uint16 internal constant PRODUCER = 1 << 0;
    uint16 internal constant EDGE_SERVICE_PROVIDER = 1 << 1;
    uint16 internal constant CONSUMER = 1 << 2;
    uint16 internal constant VEHICLE = 1 << 3;
    uint16 internal constant ROADSIDE_UNIT = 1 << 4;
    uint16 internal constant MODEL_PROVIDER = 1 << 5;
    uint16 internal constant AUDITOR = 1 << 6;
    uint16 internal constant OPERATOR = 1 << 7;

    /// @notice Every defined role; any other bit is refused on admission.
    uint16 internal constant ALL = (1 << 8) - 1;
}
