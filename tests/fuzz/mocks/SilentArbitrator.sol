// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IArbitrator} from "../../../contracts/content/IArbitrator.sol";

/// @notice Takes its price and says nothing of its own accord; a test speaks in its name.
contract SilentArbitrator is IArbitrator {
    uint256 public constant PRICE = 7;

    function cost(bytes32) external pure returns (uint256) {
        return PRICE;
    }

    function requestRuling(bytes32, address, address, uint40) external payable {
        require(msg.value == PRICE, "paid as announced");
    }
}
