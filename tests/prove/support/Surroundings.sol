// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IProofOfAIGC} from "../../../contracts/content/IProofOfAIGC.sol";

/// @title Everybody
/// @notice A consortium that everybody belongs to. The real one only refuses more calls, so what no call can do here, no
/// call can do there.
contract Everybody {
    function isActive(address) external pure returns (bool) {
        return true;
    }

    function hasRole(address, uint16) external pure returns (bool) {
        return true;
    }

    function requireActive(address) external pure {}

    function requireRole(address, uint16) external pure {}
}

/// @title AnyRegister
/// @notice A register that says of all content whatever it was told to say.
contract AnyRegister {
    bool private _removed;

    function set(bool removed) external {
        _removed = removed;
    }

    function statusOf(uint256) external view returns (IProofOfAIGC.Status memory status) {
        status.removed = _removed;
    }
}
