// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title IPayouts
/// @notice Pull credits in the native coin for everybody who did not call: nobody's refusal to receive blocks another.
/// @dev The contract's balance always equals the sum of all credits; ether sent without a credit is refused.
interface IPayouts {
    event Credited(address indexed account, address indexed payer, uint256 amount);
    event Withdrawn(address indexed account, uint256 amount, address caller);

    error Payouts_ZeroAccount();
    error Payouts_LengthMismatch(uint256 accounts, uint256 amounts);
    error Payouts_ValueMismatch(uint256 sum, uint256 value);
    error Payouts_NothingToWithdraw(address account);
    error Payouts_WithdrawFailed(address account, uint256 amount);

    /// @notice Adds the value sent to an account's credit.
    /// @dev Requirements: account not zero. A zero value changes nothing.
    function credit(address account) external payable;

    /// @notice Splits the value sent over several accounts' credits.
    /// @dev Requirements: lists of equal length; amounts add up to the value sent; no zero account.
    function creditMany(address[] calldata accounts, uint256[] calldata amounts) external payable;

    /// @notice Pays an account its whole credit; callable by anyone, pays only the account itself.
    /// @dev Requirements: a credit above zero; the account accepts the coin.
    function withdraw(address payable account) external returns (uint256 amount);

    /// @notice Credit of an account in wei.
    function creditOf(address account) external view returns (uint256);
}
