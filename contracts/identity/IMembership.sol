// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title IMembership
/// @notice Who belongs to the consortium, in which roles and until when. Every other contract asks here.
/// @dev A revocation takes effect in the block that contains it. Leaving the consortium never locks funds: claims,
/// refunds and withdrawals elsewhere do not ask for membership.
interface IMembership {
    /// @notice What the ledger knows of an account.
    /// @param roles Bitmap of {Roles}.
    /// @param admittedAt Time of the last admission, seconds since the epoch.
    /// @param expiresAt First second in which the membership no longer holds.
    /// @param revokedAt Time of revocation, 0 while not revoked.
    /// @param number Short name of the account, counted from 1 by first admission; it never changes and never passes on.
    /// @param certificateHash sha256 of the member's X.509 certificate in DER form.
    struct Member {
        uint16 roles;
        uint40 admittedAt;
        uint40 expiresAt;
        uint40 revokedAt;
        uint32 number;
        bytes32 certificateHash;
    }

    /// @notice An administrator's signed permission to join, presented by anybody on the account's behalf.
    /// @param account Who is admitted.
    /// @param roles Bitmap of {Roles}.
    /// @param expiresAt First second in which the membership no longer holds.
    /// @param certificateHash sha256 of the member's certificate.
    /// @param serial Unique number of this voucher; each serial admits once, so a revoked member cannot replay it.
    /// @param deadline Last second in which the voucher is accepted.
    struct Voucher {
        address account;
        uint16 roles;
        uint40 expiresAt;
        bytes32 certificateHash;
        bytes32 serial;
        uint40 deadline;
    }

    event MemberAdmitted(
        address indexed account, uint16 roles, uint40 admittedAt, uint40 expiresAt, bytes32 certificateHash, address administrator
    );
    event MemberRevoked(address indexed account, uint40 revokedAt, address administrator);
    event VoucherUsed(bytes32 indexed serial, address indexed account);

    error Membership_ZeroAccount();
    error Membership_UnknownRoles(uint16 roles);
    error Membership_NoRoles(address account);
    error Membership_ExpiryInPast(uint40 expiresAt, uint256 blockTimestamp);
    error Membership_NotActive(address account);
    error Membership_MissingRole(address account, uint16 role);
    error Membership_VoucherExpired(uint40 deadline, uint256 blockTimestamp);
    error Membership_VoucherAlreadyUsed(bytes32 serial);
    error Membership_InvalidVoucherSignature(address expectedAdministrator);

    /// @notice Admits an account, or replaces the roles, expiry and certificate of a present or former member.
    /// @dev Requirements: caller is the administrator; account not zero; roles defined and not empty; expiry ahead.
    function admit(address account, uint16 roles, uint40 expiresAt, bytes32 certificateHash) external;

    /// @notice Admits an account under the administrator's EIP-712 voucher; anybody may present it.
    /// @dev Requirements: as {admit}; voucher within its deadline, serial unused, signed by the administrator.
    function admitByVoucher(Voucher calldata voucher, bytes calldata signature) external;

    /// @notice Ends a membership at once.
    /// @dev Requirements: caller is the administrator; the account is an active member.
    function revoke(address account) external;

    /// @notice Whether the account is an active member (admitted, not revoked, not expired).
    function isActive(address account) external view returns (bool);

    /// @notice Whether the account is an active member that has every role in `role` (a bitmap, usually one bit).
    function hasRole(address account, uint16 role) external view returns (bool);

    /// @notice Reverts with {Membership_NotActive} or {Membership_MissingRole} unless {hasRole}; returns the member's number,
    /// by which others remember the account in 32 bits.
    function requireRole(address account, uint16 role) external view returns (uint32 number);

    /// @notice Reverts with {Membership_NotActive} unless {isActive}.
    function requireActive(address account) external view;

    /// @notice The record of an account, all zero if it was never admitted.
    function memberOf(address account) external view returns (Member memory);

    /// @notice The account with a member number, member or not; zero if there is none.
    function accountOf(uint32 number) external view returns (address);

    /// @notice Whether a voucher's serial has admitted somebody already.
    function isVoucherUsed(bytes32 serial) external view returns (bool);

    /// @notice The digest that the administrator signs for a voucher (EIP-712).
    function hashVoucher(Voucher calldata voucher) external view returns (bytes32);
}
