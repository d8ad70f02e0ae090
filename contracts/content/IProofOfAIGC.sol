// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title IProofOfAIGC
/// @notice The register of AI-generated content: an ERC-721 with ERC-2981 royalties whose token id is the content hash.
/// @dev Commit, then register: the commitment binds the producer and fixes the priority of the work before anything about
/// it is visible, so that whoever watches the mempool cannot claim another's content. A registration needs the receipt
/// of the provider that generated the content. The token id is the sha256 of the canonical content bytes: equal content
/// cannot be registered twice, not even after removal. Storage keeps one Merkle root for the records of a registration, in
/// the word of its commitment; the event carries the rest of each {Record} and callers pass it back. A record's proof
/// follows from the records of the same commitment in the order of their events (a complete binary tree, see
/// {MerkleTreeLibrary}); content registered alone needs none.
interface IProofOfAIGC {
    /// @notice What a provider attests after generating content (EIP-712).
    /// @param producer For whom the content was generated; the only account that may register it.
    /// @param provider The edge service provider (ESP) that generated it and signs.
    /// @param contentHash sha256 of the canonical bytes of the content.
    /// @param fingerprint 256-bit perceptual fingerprint.
    /// @param fingerprintScheme Kind in the upper, version in the lower 16 bits (kind 1 image PDQ, kind 2 text SimHash).
    /// @param promptCommitment keccak256 of the prompt and a salt; hides the prompt until its owner shows both.
    /// @param modelId Hash of the model's name, version and seed policy.
    struct Receipt {
        address producer;
        address provider;
        bytes32 contentHash;
        bytes32 fingerprint;
        uint32 fingerprintScheme;
        bytes32 promptCommitment;
        bytes32 modelId;
    }

    /// @notice The full terms of a registration, as callers pass them back.
    /// @param receipt What the provider attested; its producer is the creator, which never changes.
    /// @param royaltyBps Share of later sales for the creator, in hundredths of a percent.
    /// @param committedBlock Block of the commitment: the priority of the work.
    /// @param commitment The commitment that the registration fulfilled.
    /// @param uri Locator of the content or its manifest, at most 256 bytes.
    /// @param proof Merkle proof of the record among those of its registration; empty for content registered alone. A leaf is
    /// keccak256(abi.encode(EIP-712 struct hash of the receipt, royaltyBps, keccak256(uri))), pairs are hashed in ascending
    /// order.
    struct Record {
        Receipt receipt;
        uint16 royaltyBps;
        uint40 committedBlock;
        bytes32 commitment;
        string uri;
        bytes32[] proof;
    }

    /// @notice One item of a registration call.
    struct Registration {
        Receipt receipt;
        bytes receiptSignature;
        uint16 royaltyBps;
        string uri;
    }

    /// @notice Why a token does not move.
    /// @param removed A challenge annulled the registration; final.
    /// @param challenged A challenge is open.
    /// @param exchange The custodian contract that holds the token for an exchange, zero if none.
    struct Status {
        bool removed;
        bool challenged;
        address exchange;
    }

    event CustodiansBound(address hashedTimelock, address atomicSale, address challenges);
    event MetadataBaseChanged(string base);
    /// @dev ERC-4906: a token's metadata changed, as its status did.
    event MetadataUpdate(uint256 _tokenId);
    /// @dev ERC-4906: the metadata of all these tokens changed.
    event BatchMetadataUpdate(uint256 _fromTokenId, uint256 _toTokenId);
    event ContentCommitted(bytes32 indexed commitment, address indexed producer);
    event ContentRegistered(
        uint256 indexed tokenId,
        address indexed creator,
        Receipt receipt,
        uint16 royaltyBps,
        uint40 committedBlock,
        bytes32 commitment,
        string uri
    );
    event ContentFrozenForExchange(uint256 indexed tokenId, address indexed exchange);
    event ContentReleasedFromExchange(uint256 indexed tokenId, address indexed exchange, address to);
    event ContentFrozenForChallenge(uint256 indexed tokenId);
    event ContentReleasedFromChallenge(uint256 indexed tokenId);
    event ContentRemoved(uint256 indexed tokenId);
    event DisputesBound(address disputes);
    event ContentFrozenForDispute(uint256 indexed tokenId);
    event ContentReleasedFromDispute(uint256 indexed tokenId);

    error ProofOfAIGC_CustodiansAlreadyBound();
    error ProofOfAIGC_ZeroCustodian();
    error ProofOfAIGC_NotDeployer(address caller);
    error ProofOfAIGC_NotAdministrator(address caller);
    error ProofOfAIGC_NotCustodian(address caller);
    error ProofOfAIGC_TooManySchemes(uint256 count, uint256 maximum);
    error ProofOfAIGC_ValueNotAccepted(uint256 value);
    error ProofOfAIGC_EmptyBatch();
    error ProofOfAIGC_CommitmentExists(bytes32 commitment);
    error ProofOfAIGC_CommitmentUnknown(bytes32 commitment);
    error ProofOfAIGC_CommitmentTooRecent(bytes32 commitment, uint256 committedBlock);
    error ProofOfAIGC_ZeroContentHash();
    error ProofOfAIGC_AlreadyRegistered(uint256 tokenId);
    error ProofOfAIGC_NotProducerOfReceipt(address caller, address producer);
    error ProofOfAIGC_InvalidReceiptSignature(address provider);
    error ProofOfAIGC_UnknownScheme(uint32 fingerprintScheme);
    error ProofOfAIGC_RoyaltyTooHigh(uint16 royaltyBps, uint16 maximumBps);
    error ProofOfAIGC_UriTooLong(uint256 length, uint256 maximum);
    error ProofOfAIGC_Frozen(uint256 tokenId);
    error ProofOfAIGC_NotOwner(uint256 tokenId, address account);
    error ProofOfAIGC_RecordMismatch(uint256 tokenId);
    error ProofOfAIGC_NotRegistered(uint256 tokenId);
    error ProofOfAIGC_NotChallenged(uint256 tokenId);
    error ProofOfAIGC_AlreadyChallenged(uint256 tokenId);
    error ProofOfAIGC_AlreadyDisputed(uint256 tokenId);
    error ProofOfAIGC_NotDisputed(uint256 tokenId);
    error ProofOfAIGC_DisputesAlreadyBound(address disputes);

    /// @notice Names the contracts that may freeze and move content; once, by the deployer.
    function bindCustodians(address hashedTimelock, address atomicSale, address challenges) external;

    /// @notice States where the backend serves metadata; only the administrator of {Membership}.
    /// @dev Metadata shows more than storage holds (fingerprint, provider, picture), so it is served off chain; what it says
    /// can be checked against the events. Nothing on chain depends on it.
    /// @param base Address without a slash at its end, such as `https://market.example`; empty to take it back.
    function setMetadataBase(string calldata base) external;

    /// @notice Names the contract that judges fingerprints; once, by the deployer.
    function bindDisputes(address disputes) external;

    /// @notice Records a commitment in the current block.
    /// @dev Requirements: caller is a producer; commitment new. See {commitmentOf}.
    function commit(bytes32 commitment) external;

    /// @notice Registers content committed in an earlier block; the commitment covers exactly these items.
    /// @dev Requirements: caller is a producer and the producer of every receipt; commitment of
    /// {commitmentOf}(caller, content hashes, salt) exists since an earlier block; every receipt signed by an active
    /// provider; content hash not zero and never registered; scheme known; royalty at most 1000 and uri within its limit.
    function register(Registration[] calldata registrations, bytes32 salt) external;

    /// @notice Freezes a token in place for an exchange. Only exchange custodians.
    /// @dev Requirements: `owner` owns it; it is free of exchange, challenge and removal.
    function freezeForExchange(uint256 tokenId, address owner) external;

    /// @notice Ends an exchange freeze and moves the token to `to` (stays where it is when `to` is its owner). Only the
    /// custodian that froze it.
    /// @dev A removed token only stays where it is: moving it reverts with {ProofOfAIGC_Frozen}. A challenged one moves and
    /// the challenge goes on. Membership of `to` is not asked, so that a revocation between lock and claim costs nobody.
    function releaseFromExchange(uint256 tokenId, address to) external;

    /// @notice Moves a free token in one step on the owner's behalf. Only the atomic sale, which has checked the owner's act.
    /// @dev Requirements: `from` owns it; it is free of exchange, challenge and removal. Membership of `to` is not asked.
    function moveInSale(uint256 tokenId, address from, address to) external;

    /// @notice Freezes a token while a challenge is open. Only the challenge contract.
    function freezeForChallenge(uint256 tokenId) external;

    /// @notice Ends a challenge: removes the registration for good or frees the token. Only the challenge contract.
    function endChallenge(uint256 tokenId, bool remove) external;

    /// @notice Freezes a token while its fingerprint is in dispute, beside any exchange or challenge. Only the dispute contract.
    function freezeForDispute(uint256 tokenId) external;

    /// @notice Ends a dispute: removes the registration for good or ends the freeze. Only the dispute contract.
    function endDispute(uint256 tokenId, bool remove) external;

    /// @notice Whether the token's fingerprint is in dispute.
    function isDisputed(uint256 tokenId) external view returns (bool);

    /// @notice The commitment for a set of content hashes: keccak256(abi.encode(producer, contentHashes, salt)).
    function commitmentOf(address producer, bytes32[] calldata contentHashes, bytes32 salt) external pure returns (bytes32);

    /// @notice Where metadata of the whole collection is (ERC-7572), empty without a base.
    function contractURI() external view returns (string memory);

    /// @notice Block in which a commitment was recorded, 0 if unknown, and the first 27 bytes of the Merkle root over the
    /// records that fulfilled it, 0 until then.
    function commitmentStateOf(bytes32 commitment) external view returns (uint40 committedBlock, bytes27 recordsRoot);

    /// @notice Whether content with this kind and version of fingerprint can be registered.
    function isKnownScheme(uint32 fingerprintScheme) external view returns (bool);

    /// @notice Reverts with {ProofOfAIGC_RecordMismatch} unless the record is the registered one of its content hash.
    function requireRecord(Record calldata record) external view;

    /// @notice Who registered the token, zero if nobody did.
    function creatorOf(uint256 tokenId) external view returns (address);

    /// @notice Why the token does not move.
    function statusOf(uint256 tokenId) external view returns (Status memory);

    /// @notice Digest that a provider signs for a receipt (EIP-712).
    function hashReceipt(Receipt calldata receipt) external view returns (bytes32);
}
