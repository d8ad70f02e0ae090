// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DeliveryProofs} from "./DeliveryProofs.sol";
import {ITaskBoard} from "./ITaskBoard.sol";

/// @title DeliveryVerifier
/// @notice Judges evidence against deliveries, see {DeliveryProofs}; holds nothing and knows nobody.
/// @dev Apart from {TaskBoard}, which creates it, so that a task without dispute does not carry the code of one.
contract DeliveryVerifier {
    /// @notice Whether the key makes the shown unit contradict what follows it.
    /// @dev Reverts with TaskBoard_NoSuchChunk, TaskBoard_ChunkLength or TaskBoard_NotDelivered where the evidence is not of
    /// the delivery.
    function refutes(ITaskBoard.Delivery calldata delivery, bytes32 key, ITaskBoard.Evidence calldata evidence)
        external
        pure
        returns (bool)
    {
        return DeliveryProofs.refutes(delivery, key, evidence);
    }
}
