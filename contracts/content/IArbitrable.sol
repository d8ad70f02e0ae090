// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title IArbitrable
/// @notice A contract whose provisional verdicts an {IArbitrator} may overrule.
interface IArbitrable {
    enum Ruling {
        None,
        Upheld,
        Rejected
    }

    /// @notice Gives the ruling that was requested for a dispute; once.
    /// @dev Requirements: caller is the arbitrator; the dispute waits for a ruling and its time is not over; the ruling is
    /// not {Ruling.None}. It is only noted: whoever finalises the matter carries it out.
    function rule(bytes32 disputeId, Ruling ruling) external;
}
