// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title IArbitrator
/// @notice Who rules on appeals against a provisional verdict; it answers by {IArbitrable-rule} to the contract that asked.
/// @dev Warning: the contract that asks relies on nothing but {cost} and on a ruling or silence. Where no ruling comes in
/// time the provisional verdict stands, so an arbitrator can delay by the named time and no longer.
interface IArbitrator {
    /// @notice Price of a ruling in wei, paid by who appeals and kept by the arbitrator, whatever it rules.
    function cost(bytes32 disputeId) external view returns (uint256);

    /// @notice Asks for a ruling; the value is exactly {cost}.
    /// @param disputeId Names the dispute of the asking contract.
    /// @param appellant Who appealed and paid.
    /// @param respondent The other party.
    /// @param ruleBy First second in which a ruling is no longer accepted.
    function requestRuling(bytes32 disputeId, address appellant, address respondent, uint40 ruleBy) external payable;
}
