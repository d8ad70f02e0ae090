// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ERC2771Context} from "@openzeppelin/contracts/metatx/ERC2771Context.sol";
import {Context} from "@openzeppelin/contracts/utils/Context.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IMembership} from "./IMembership.sol";
import {Roles} from "./Roles.sol";

/// @title Membership
/// @notice The consortium's register of members; the owner is the administrator.
contract Membership is IMembership, Ownable2Step, ERC2771Context, EIP712 {
    bytes32 private constant VOUCHER_TYPEHASH = keccak256(
        "Voucher(address account,uint16 roles,uint40 expiresAt,bytes32 certificateHash,bytes32 serial,uint40 deadline)"
    );

    /// @dev What every check of a role reads, at once:
    ///
    ///     88 bits | 32     | 40        | 40        | 40         | 16
    ///     empty   | number | revokedAt | expiresAt | admittedAt | roles
    struct Standing {
        uint16 roles;
        uint40 admittedAt;
        uint40 expiresAt;
        uint40 revokedAt;
        uint32 number;
    }

    mapping(address account => Standing standing) private _standings;
    mapping(address account => bytes32 certificateHash) private _certificates;
    /// @inheritdoc IMembership
    mapping(uint32 number => address account) public accountOf;
    uint32 private _lastNumber;

    mapping(bytes32 serial => bool used) private _usedVouchers;

    /// @notice There is always an administrator; hand over with {transferOwnership} instead.
    error Membership_CannotRenounce();

    constructor(address administrator, address forwarder)
        Ownable(administrator)
        ERC2771Context(forwarder)
        EIP712("EdgeBazaar Membership", "1")
    {}

    /// @inheritdoc IMembership
    function admit(address account, uint16 roles, uint40 expiresAt, bytes32 certificateHash) external onlyOwner {
        _admit(account, roles, expiresAt, certificateHash);
    }

    /// @inheritdoc IMembership
    function admitByVoucher(Voucher calldata voucher, bytes calldata signature) external {
        // Check: the voucher is in time, new and the present administrator's; a former one's no longer admits.
        if (block.timestamp > voucher.deadline) {
            revert Membership_VoucherExpired(voucher.deadline, block.timestamp);
        }
        if (_usedVouchers[voucher.serial]) revert Membership_VoucherAlreadyUsed(voucher.serial);
        if (!SignatureChecker.isValidSignatureNowCalldata(owner(), hashVoucher(voucher), signature)) {
            revert Membership_InvalidVoucherSignature(owner());
        }

        // Effect: use the voucher up and admit.
        _usedVouchers[voucher.serial] = true;
        emit VoucherUsed(voucher.serial, voucher.account);
        _admit(voucher.account, voucher.roles, voucher.expiresAt, voucher.certificateHash);
    }

    /// @inheritdoc IMembership
    function revoke(address account) external onlyOwner {
        // Check: there is a membership to end.
        requireActive(account);

        // Effect: end it in this block.
        uint40 revokedAt = uint40(block.timestamp);
        _standings[account].revokedAt = revokedAt;
        emit MemberRevoked(account, revokedAt, owner());
    }

    /// @notice Always reverts: without an administrator nobody could be admitted or revoked any more.
    function renounceOwnership() public view override onlyOwner {
        revert Membership_CannotRenounce();
    }

    /// @inheritdoc IMembership
    function hasRole(address account, uint16 role) external view returns (bool) {
        Standing memory standing = _standings[account];
        return _isActive(standing.revokedAt, standing.expiresAt) && standing.roles & role == role;
    }

    /// @inheritdoc IMembership
    function requireRole(address account, uint16 role) external view returns (uint32 number) {
        Standing memory standing = _standings[account];
        if (!_isActive(standing.revokedAt, standing.expiresAt)) revert Membership_NotActive(account);
        if (standing.roles & role != role) revert Membership_MissingRole(account, role);
        return standing.number;
    }

    /// @inheritdoc IMembership
    function memberOf(address account) external view returns (Member memory) {
        Standing memory standing = _standings[account];
        return Member({
            roles: standing.roles,
            admittedAt: standing.admittedAt,
            expiresAt: standing.expiresAt,
            revokedAt: standing.revokedAt,
            number: standing.number,
            certificateHash: _certificates[account]
        });
    }

    /// @inheritdoc IMembership
    function isVoucherUsed(bytes32 serial) external view returns (bool) {
        return _usedVouchers[serial];
    }

    /// @inheritdoc IMembership
    function isActive(address account) public view returns (bool) {
        Standing storage standing = _standings[account];
        return _isActive(standing.revokedAt, standing.expiresAt);
    }

    /// @inheritdoc IMembership
    function requireActive(address account) public view {
        if (!isActive(account)) revert Membership_NotActive(account);
    }

    /// @inheritdoc IMembership
    function hashVoucher(Voucher calldata voucher) public view returns (bytes32) {
        // All fields are of one word, so the struct's encoding is that of its fields in a row.
        return _hashTypedDataV4(keccak256(abi.encode(VOUCHER_TYPEHASH, voucher)));
    }

    function _admit(address account, uint16 roles, uint40 expiresAt, bytes32 certificateHash) private {
        // Check: the admission makes an active member with defined roles.
        if (account == address(0)) revert Membership_ZeroAccount();
        if (roles == 0) revert Membership_NoRoles(account);
        if (roles & ~Roles.ALL != 0) revert Membership_UnknownRoles(roles);
        if (expiresAt <= block.timestamp) revert Membership_ExpiryInPast(expiresAt, block.timestamp);

        // Effect: replace the whole record, an earlier revocation included; the number stays.
        uint40 admittedAt = uint40(block.timestamp);
        uint32 number = _standings[account].number;
        if (number == 0) {
            number = ++_lastNumber;
            accountOf[number] = account;
        }
        _standings[account] = Standing({
            roles: roles,
            admittedAt: admittedAt,
            expiresAt: expiresAt,
            revokedAt: 0,
            number: number
        });
        _certificates[account] = certificateHash;
        emit MemberAdmitted(account, roles, admittedAt, expiresAt, certificateHash, owner());
    }

    /// @dev Never admitted is the same as expired at time zero.
    function _isActive(uint40 revokedAt, uint40 expiresAt) private view returns (bool) {
        return revokedAt == 0 && block.timestamp < expiresAt;
    }

    /* ERC-2771: BOTH BASES DEFINE THE CALLER, THE FORWARDER'S VIEW HOLDS */

    function _msgSender() internal view override(Context, ERC2771Context) returns (address) {
        return ERC2771Context._msgSender();
    }

    function _msgData() internal view override(Context, ERC2771Context) returns (bytes calldata) {
        return ERC2771Context._msgData();
    }

    function _contextSuffixLength() internal view override(Context, ERC2771Context) returns (uint256) {
        return ERC2771Context._contextSuffixLength();
    }
}
