// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IProofOfAIGC} from "../content/IProofOfAIGC.sol";
import {MemberContext} from "../identity/MemberContext.sol";
import {IPayouts} from "../payments/IPayouts.sol";
import {Payments} from "../payments/Payments.sol";
import {AssetTransfers} from "./AssetTransfers.sol";
import {IHashedTimelock} from "./IHashedTimelock.sol";

/// @title HashedTimelock
/// @notice Hashed-timelock locks for four kinds of assets, see {IHashedTimelock}.
contract HashedTimelock is IHashedTimelock, MemberContext, EIP712, ReentrancyGuard {
    bytes32 private constant EXIT_TYPEHASH = keccak256("Exit(bytes32 lockId)");

    /// @notice The register of content, which freezes content in place of a transfer into custody.
    IProofOfAIGC public immutable registry;
    /// @notice Where coins go that their owner did not accept.
    IPayouts public immutable payouts;
    /// @inheritdoc IHashedTimelock
    uint40 public immutable safetyMargin;

    mapping(bytes32 lockId => State state) private _states;

    constructor(address membership_, address forwarder, address registry_, address payouts_, uint40 safetyMargin_)
        MemberContext(membership_, forwarder)
        EIP712("EdgeBazaar HashedTimelock", "1")
    {
        registry = IProofOfAIGC(registry_);
        payouts = IPayouts(payouts_);
        safetyMargin = safetyMargin_;
    }

    /* LOCK */

    /// @inheritdoc IHashedTimelock
    function lock(Terms calldata terms) external payable returns (bytes32 lockId) {
        // Check: the terms answer no other lock.
        require(terms.firstLock == 0 && terms.guardedContent == 0, HashedTimelock_LinkNotAllowed());

        lockId = _open(terms);
    }

    /// @inheritdoc IHashedTimelock
    function lockLinked(Terms calldata terms, Terms calldata first) external payable returns (bytes32 lockId) {
        // Check: the terms answer the first lock.
        _requireFit(terms, first);

        lockId = _open(terms);
    }

    /* CLOSE */

    /// @inheritdoc IHashedTimelock
    function claim(Terms calldata terms, bytes32 preimage) external {
        // Check: the lock is open, its time has not run out, the preimage opens it, its content still stands.
        bytes32 lockId = _requireOpen(terms);
        require(block.timestamp < terms.timelock, HashedTimelock_TimelockReached(terms.timelock, block.timestamp));
        require(sha256(abi.encode(preimage)) == terms.hashlock, HashedTimelock_WrongPreimage(lockId));
        require(!_isRemoved(terms.guardedContent), HashedTimelock_ContentRemoved(terms.guardedContent));

        // Effect: the lock is claimed for good.
        _states[lockId] = State.Claimed;
        address caller = _msgSender();
        emit Claimed(lockId, preimage, caller);

        // Interaction: pay the receiver, whoever calls.
        _send(terms.asset, terms.receiver, caller);
    }

    /// @inheritdoc IHashedTimelock
    function refund(Terms calldata terms) external {
        // Check: the lock is open, and either its time has run out or its content is gone.
        bytes32 lockId = _requireOpen(terms);
        require(
            block.timestamp >= terms.timelock || _isRemoved(terms.guardedContent) || _isOwnContentRemoved(terms.asset),
            HashedTimelock_TimelockNotReached(terms.timelock, block.timestamp)
        );

        // Effect: the lock is refunded for good.
        _states[lockId] = State.Refunded;
        address caller = _msgSender();
        emit Refunded(lockId, caller);

        // Interaction: pay the sender back, whoever calls.
        _send(terms.asset, terms.sender, caller);
    }

    /// @inheritdoc IHashedTimelock
    function exit(Terms calldata terms, bytes calldata senderSignature, bytes calldata receiverSignature) external {
        // Check: the lock is open, and both parties agree. A lock opens once, so a signature serves once.
        bytes32 lockId = _requireOpen(terms);
        address caller = _msgSender();
        _requireConsent(lockId, terms.sender, caller, senderSignature);
        _requireConsent(lockId, terms.receiver, caller, receiverSignature);

        // Effect: the lock is refunded for good.
        _states[lockId] = State.Refunded;
        emit Refunded(lockId, caller);

        // Interaction: pay the sender back, whoever calls.
        _send(terms.asset, terms.sender, caller);
    }

    /* VIEWS */

    /// @inheritdoc IHashedTimelock
    function stateOf(bytes32 lockId) external view returns (State) {
        return _states[lockId];
    }

    /// @inheritdoc IHashedTimelock
    function idOf(Terms calldata terms) external view returns (bytes32) {
        return _idOf(terms);
    }

    /// @inheritdoc IHashedTimelock
    function assetHash(Asset calldata asset) external pure returns (bytes32) {
        return _assetHash(asset);
    }

    /// @inheritdoc IHashedTimelock
    function hashExit(bytes32 lockId) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(EXIT_TYPEHASH, lockId)));
    }

    /* INTERNAL */

    /// @dev What first, single and linked locks have in common.
    function _open(Terms calldata terms) private returns (bytes32 lockId) {
        // Check: the caller locks its own, and the terms can be fulfilled and are new.
        address caller = _msgSender();
        membership.requireActive(caller);
        require(terms.sender == caller, HashedTimelock_SenderMismatch(caller, terms.sender));
        address receiver = terms.receiver;
        require(receiver != address(0), HashedTimelock_ZeroReceiver());
        require(terms.hashlock != 0, HashedTimelock_ZeroHashlock());
        uint40 timelock = terms.timelock;
        require(timelock > block.timestamp, HashedTimelock_TimelockInPast(timelock, block.timestamp));
        Asset calldata asset = terms.asset;
        AssetKind kind = asset.kind;
        AssetTransfers.requireWellFormed(asset, kind, address(registry), msg.value);
        // Content stays among members, and the register does not ask again when the lock is claimed.
        if (kind == AssetKind.Content) membership.requireActive(receiver);
        lockId = _idOf(terms);
        State state = _states[lockId];
        require(state == State.None, HashedTimelock_AlreadyExists(lockId, state));

        // Effect: the lock is open.
        _states[lockId] = State.Open;
        emit Locked(lockId, caller, terms);

        // Interaction: take the asset; a native amount has come with the call.
        if (kind != AssetKind.Native) _receive(asset, kind, caller);
    }

    function _receive(Asset calldata asset, AssetKind kind, address from) private {
        if (kind == AssetKind.Content) registry.freezeForExchange(asset.amountOrId, from);
        else if (kind == AssetKind.Token) _receiveToken(asset.token, from, asset.amountOrId);
        else AssetTransfers.receiveNonFungible(asset.token, from, asset.amountOrId);
    }

    function _send(Asset calldata asset, address to, address caller) private {
        AssetKind kind = asset.kind;
        if (kind == AssetKind.Native) {
            if (to == caller) Payments.payCaller(to, asset.amountOrId);
            else Payments.payOrCredit(payouts, to, asset.amountOrId);
        } else if (kind == AssetKind.Content) {
            registry.releaseFromExchange(asset.amountOrId, to);
        } else if (kind == AssetKind.Token) {
            AssetTransfers.sendToken(asset.token, to, asset.amountOrId);
        } else {
            AssetTransfers.sendNonFungible(asset.token, to, asset.amountOrId);
        }
    }

    /// @dev Guarded, as the token balance is the one thing that locks share: a token with hooks could otherwise count one
    /// amount for two locks between the two readings. What leaves meanwhile only lowers what seems to have come in, so
    /// {_send} needs no guard.
    function _receiveToken(address token, address from, uint256 amount) private nonReentrant {
        AssetTransfers.receiveToken(token, from, amount);
    }

    /// @dev The linked lock must give what the first lock asks for, to whom it belongs, and end early enough that the
    /// sender of the linked lock, who learns the preimage from its claim, can still claim the first.
    function _requireFit(Terms calldata terms, Terms calldata first) private view {
        require(terms.firstLock != 0, HashedTimelock_LinkRequired());
        bytes32 firstLock = _idOf(first);
        require(terms.firstLock == firstLock, HashedTimelock_FirstLockMismatch(terms.firstLock, firstLock));
        State state = _states[firstLock];
        require(state == State.Open, HashedTimelock_NotOpen(firstLock, state));
        require(terms.hashlock == first.hashlock, HashedTimelock_HashlockMismatch(first.hashlock, terms.hashlock));
        require(
            terms.sender == first.receiver && terms.receiver == first.sender,
            HashedTimelock_PartiesMismatch(terms.sender, terms.receiver)
        );
        bytes32 offered = _assetHash(terms.asset);
        require(offered == first.expected, HashedTimelock_AssetMismatch(first.expected, offered));
        require(
            first.timelock >= uint256(terms.timelock) + safetyMargin,
            HashedTimelock_MarginTooSmall(first.timelock, terms.timelock, safetyMargin)
        );
        uint256 guard = first.asset.kind == AssetKind.Content ? first.asset.amountOrId : 0;
        require(terms.guardedContent == guard, HashedTimelock_GuardMismatch(terms.guardedContent, guard));
    }

    function _requireOpen(Terms calldata terms) private view returns (bytes32 lockId) {
        lockId = _idOf(terms);
        State state = _states[lockId];
        require(state == State.Open, HashedTimelock_NotOpen(lockId, state));
    }

    /// @dev Who calls agrees by calling.
    function _requireConsent(bytes32 lockId, address party, address caller, bytes calldata signature) private view {
        require(
            party == caller || SignatureChecker.isValidSignatureNowCalldata(party, hashExit(lockId), signature),
            HashedTimelock_InvalidExitSignature(party)
        );
    }

    function _isOwnContentRemoved(Asset calldata asset) private view returns (bool) {
        return asset.kind == AssetKind.Content && _isRemoved(asset.amountOrId);
    }

    /// @dev No content has the token id zero, so zero stands for none.
    function _isRemoved(uint256 tokenId) private view returns (bool) {
        return tokenId != 0 && registry.statusOf(tokenId).removed;
    }

    function _idOf(Terms calldata terms) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), terms));
    }

    function _assetHash(Asset calldata asset) private pure returns (bytes32) {
        return keccak256(abi.encode(asset));
    }
}
