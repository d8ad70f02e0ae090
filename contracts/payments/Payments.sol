// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPayouts} from "./IPayouts.sol";

/// @title Payments
/// @notice The two ways in which every contract pays the native coin.
/// @dev Whoever called is paid directly, as its own refusal harms only itself. Everybody else gets a send that can neither
/// revert, nor use up the gas, nor return a large answer, and a credit in {IPayouts} where the send fails.
library Payments {
    /// @dev Enough for a contract wallet behind a proxy to log its income, too little to re-enter with effect.
    uint256 private constant SEND_GAS = 30_000;

    error Payments_TransferFailed(address to, uint256 amount);

    /// @notice Pays the account that called, with all the gas that is left.
    /// @dev Warning: hands control to `to`; only after all effects. A zero amount does nothing.
    function payCaller(address to, uint256 amount) internal {
        if (amount == 0) return;
        if (!_send(to, amount, gasleft())) revert Payments_TransferFailed(to, amount);
    }

    /// @notice Pays an account that did not call; credits it when it does not accept the coin within 30,000 gas.
    /// @dev Warning: hands control to `to`; only after all effects. A zero amount does nothing.
    function payOrCredit(IPayouts payouts, address to, uint256 amount) internal {
        if (amount == 0) return;
        if (!_send(to, amount, SEND_GAS)) payouts.credit{value: amount}(to);
    }

    /// @dev `(accepted,) = to.call{value: amount, gas: gasLimit}("")` would copy whatever `to` returns into memory at the
    /// sender's cost; this copies nothing.
    function _send(address to, uint256 amount, uint256 gasLimit) private returns (bool accepted) {
        assembly ("memory-safe") {
            accepted := call(gasLimit, to, amount, 0, 0, 0, 0)
        }
    }
}
