// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC2771Context} from "@openzeppelin/contracts/metatx/ERC2771Context.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {IPayouts} from "./IPayouts.sol";

/// @title Payouts
/// @notice Holds what members are owed until they fetch it.
/// @dev There is no owner and no way out but {withdraw}. Ether forced in by a self-destruct stays beyond all credits.
contract Payouts is IPayouts, ERC2771Context {
    mapping(address account => uint256 amount) private _credits;

    constructor(address forwarder) ERC2771Context(forwarder) {}

    /// @inheritdoc IPayouts
    function credit(address account) external payable {
        _credit(account, msg.value);
    }

    /// @inheritdoc IPayouts
    function creditMany(address[] calldata accounts, uint256[] calldata amounts) external payable {
        if (accounts.length != amounts.length) revert Payouts_LengthMismatch(accounts.length, amounts.length);

        uint256 sum;
        for (uint256 i; i < accounts.length; ++i) {
            sum += amounts[i];
            _credit(accounts[i], amounts[i]);
        }
        if (sum != msg.value) revert Payouts_ValueMismatch(sum, msg.value);
    }

    /// @inheritdoc IPayouts
    function withdraw(address payable account) external returns (uint256 amount) {
        // Check: there is something to pay.
        amount = _credits[account];
        if (amount == 0) revert Payouts_NothingToWithdraw(account);

        // Effect: clear the credit before control leaves.
        _credits[account] = 0;
        emit Withdrawn(account, amount, _msgSender());

        // Interaction: pay the account, whoever called.
        if (!LowLevelCall.callNoReturn(account, amount, "")) revert Payouts_WithdrawFailed(account, amount);
    }

    /// @inheritdoc IPayouts
    function creditOf(address account) external view returns (uint256) {
        return _credits[account];
    }

    function _credit(address account, uint256 amount) private {
        if (account == address(0)) revert Payouts_ZeroAccount();
        if (amount == 0) return;
        _credits[account] += amount;
        emit Credited(account, _msgSender(), amount);
    }
}
