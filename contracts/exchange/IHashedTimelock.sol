// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title IHashedTimelock
/// @notice Hashed-timelock locks for the native coin, ERC-20, foreign ERC-721 and content locked where it lives.
/// @dev Only a state per lock id is stored; the id is a hash of the terms, {Locked} carries the terms and callers pass them
/// back. States go None -> Open -> Claimed or Refunded and never back, so a lock cannot be replayed.
///
///     lock                         timelock
///      |----- claim (preimage) -----|----- refund ----->
///
/// The claim is strictly before the timelock, the refund from it on, for every asset. Both are callable by anyone and pay
/// only the stored parties, so a watcher can act for a party that sleeps and a copied preimage only helps its victim.
/// A fresh hashlock makes terms distinct; there is no salt, as a preimage serves one exchange.
/// In a two-lock exchange the holder of the secret locks first with the longer timelock and says what it expects in
/// return; the counterparty's linked lock is refused unless it fits.
interface IHashedTimelock {
    enum AssetKind {
        Native,
        Token,
        ForeignNonFungible,
        Content
    }

    enum State {
        None,
        Open,
        Claimed,
        Refunded
    }

    /// @notice What is locked.
    /// @param kind Kind of the asset.
    /// @param token Contract of the asset; zero for the native coin, the register for content.
    /// @param amountOrId Amount in the smallest unit, or the token id.
    struct Asset {
        AssetKind kind;
        address token;
        uint256 amountOrId;
    }

    /// @notice The terms of a lock.
    /// @param sender Who locks and who is refunded.
    /// @param receiver Who is paid on claim.
    /// @param asset What is locked.
    /// @param hashlock sha256 of the 32-byte preimage.
    /// @param timelock First second of refund, end of claim.
    /// @param expected Hash of the asset that the counterparty's linked lock must hold ({assetHash}), zero for a single lock.
    /// @param firstLock Id of the lock this one answers, zero for a first or single lock.
    /// @param guardedContent Token id of content locked by the first lock, zero if it locks something else: while that
    /// content is removed from the register, the claim is refused and the refund open at once.
    struct Terms {
        address sender;
        address receiver;
        Asset asset;
        bytes32 hashlock;
        uint40 timelock;
        bytes32 expected;
        bytes32 firstLock;
        uint256 guardedContent;
    }

    event Locked(bytes32 indexed lockId, address indexed sender, Terms terms);
    event Claimed(bytes32 indexed lockId, bytes32 preimage, address caller);
    event Refunded(bytes32 indexed lockId, address caller);

    error HashedTimelock_SenderMismatch(address caller, address sender);
    error HashedTimelock_ZeroReceiver();
    error HashedTimelock_ZeroHashlock();
    error HashedTimelock_ZeroAmount();
    error HashedTimelock_TimelockInPast(uint40 timelock, uint256 blockTimestamp);
    error HashedTimelock_ValueMismatch(uint256 sent, uint256 required);
    error HashedTimelock_AssetTokenMismatch(AssetKind kind, address token);
    error HashedTimelock_TransferAmountMismatch(address token, uint256 received, uint256 required);
    error HashedTimelock_AlreadyExists(bytes32 lockId, State state);
    error HashedTimelock_NotOpen(bytes32 lockId, State state);
    error HashedTimelock_LinkRequired();
    error HashedTimelock_LinkNotAllowed();
    error HashedTimelock_FirstLockMismatch(bytes32 stated, bytes32 computed);
    error HashedTimelock_HashlockMismatch(bytes32 first, bytes32 second);
    error HashedTimelock_PartiesMismatch(address sender, address receiver);
    error HashedTimelock_AssetMismatch(bytes32 expected, bytes32 offered);
    error HashedTimelock_GuardMismatch(uint256 stated, uint256 required);
    error HashedTimelock_MarginTooSmall(uint40 firstTimelock, uint40 secondTimelock, uint40 requiredMargin);
    error HashedTimelock_WrongPreimage(bytes32 lockId);
    error HashedTimelock_TimelockReached(uint40 timelock, uint256 blockTimestamp);
    error HashedTimelock_TimelockNotReached(uint40 timelock, uint256 blockTimestamp);
    error HashedTimelock_ContentRemoved(uint256 tokenId);
    error HashedTimelock_InvalidExitSignature(address party);

    /// @notice Opens a first or single lock.
    /// @dev Requirements: caller is an active member and `terms.sender`; receiver, hashlock and amount not zero; timelock
    /// ahead; `firstLock` and `guardedContent` zero; value equals the amount for the native coin and zero else. Tokens
    /// that take a fee on transfer are refused. The receiver of content is an active member.
    function lock(Terms calldata terms) external payable returns (bytes32 lockId);

    /// @notice Opens the lock that answers `first`.
    /// @dev Requirements: as {lock}, and: `first` open and `terms.firstLock` its id; same hashlock; parties mirrored; asset
    /// equal to what `first.expected` asks for; `first.timelock` at least {safetyMargin} after `terms.timelock`;
    /// `guardedContent` the token id of `first` when it locks content, zero else. Whether that content was removed already
    /// is not asked: such an answer cannot be claimed and is refunded at once.
    function lockLinked(Terms calldata terms, Terms calldata first) external payable returns (bytes32 lockId);

    /// @notice Pays the receiver against the preimage; callable by anyone, strictly before the timelock.
    /// @dev Refused while guarded content is removed; removed content that is itself locked does not move either, as
    /// {IProofOfAIGC-releaseFromExchange} refuses it.
    function claim(Terms calldata terms, bytes32 preimage) external;

    /// @notice Pays the sender back; callable by anyone from the timelock on, or at once when its own or the guarded content
    /// was removed.
    function refund(Terms calldata terms) external;

    /// @notice Pays the sender back before the timelock, as both parties wish; callable by anyone who has their consent.
    /// @dev Requirements: lock open; each party calls itself or has signed {hashExit} (EIP-712; contract wallets by ERC-1271).
    /// A calling party's own signature may be empty. The lock counts as refunded.
    function exit(Terms calldata terms, bytes calldata senderSignature, bytes calldata receiverSignature) external;

    /// @notice Digest that a party signs to leave a lock early (EIP-712 `Exit(bytes32 lockId)`).
    function hashExit(bytes32 lockId) external view returns (bytes32);

    /// @notice State of a lock.
    function stateOf(bytes32 lockId) external view returns (State);

    /// @notice Id of a lock: hash of chain, contract and terms.
    function idOf(Terms calldata terms) external view returns (bytes32);

    /// @notice Hash of an asset as used in `expected`.
    function assetHash(Asset calldata asset) external pure returns (bytes32);

    /// @notice Seconds by which a first lock's timelock must outlast its linked lock's.
    function safetyMargin() external view returns (uint40);
}
