// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {ERC2771Context} from "@openzeppelin/contracts/metatx/ERC2771Context.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";
import {Context} from "@openzeppelin/contracts/utils/Context.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {MemberContext} from "../identity/MemberContext.sol";
import {Roles} from "../identity/Roles.sol";
import {IProofOfAIGC} from "./IProofOfAIGC.sol";

/// @title ProofOfAIGC
/// @notice The register of AI-generated content.
contract ProofOfAIGC is IProofOfAIGC, ERC721, IERC2981, EIP712, MemberContext {
    enum Custodian {
        None,
        HashedTimelock,
        AtomicSale
    }

    /// @dev What is stored of a token. The first slot answers everything that a transfer, a freeze or a royalty asks, and is
    /// written at registration, so that freezing never pays for a new slot:
    ///
    ///     56 bits empty | 8 removed | 8 challenged | 8 exchange | 16 royaltyBps | 160 creator
    ///     256 bits recordHash
    struct Content {
        address creator;
        uint16 royaltyBps;
        Custodian exchange;
        bool challenged;
        bool removed;
        bytes32 recordHash;
    }

    uint16 private constant MAXIMUM_ROYALTY_BPS = 1_000;
    uint256 private constant MAXIMUM_URI_LENGTH = 256;
    bytes32 private constant RECEIPT_TYPEHASH = keccak256(
        "Receipt(address producer,address provider,bytes32 contentHash,bytes32 fingerprint,uint32 fingerprintScheme,bytes32 promptCommitment,bytes32 modelId)"
    );

    address private immutable _deployer;
    // The custodians are deployed after the register that they ask, so they cannot be immutable.
    address private _hashedTimelock;
    address private _atomicSale;
    address private _challenges;

    mapping(uint256 tokenId => Content content) private _contents;
    mapping(bytes32 commitment => uint256 committedBlock) private _committedBlocks;

    /// @notice Whether content with this kind and version of fingerprint can be registered.
    mapping(uint32 fingerprintScheme => bool known) public isKnownScheme;

    constructor(address membership_, address forwarder, uint32[] memory schemes)
        ERC721("EdgeBazaar Content", "EBC")
        EIP712("EdgeBazaar ProofOfAIGC", "1")
        MemberContext(membership_, forwarder)
    {
        _deployer = _msgSender();
        for (uint256 i; i < schemes.length; ++i) {
            isKnownScheme[schemes[i]] = true;
        }
    }

    /* SET-UP */

    /// @inheritdoc IProofOfAIGC
    function bindCustodians(address hashedTimelock, address atomicSale, address challenges) external {
        // Check: the deployer names three contracts, once.
        if (_msgSender() != _deployer) revert ProofOfAIGC_NotDeployer(_msgSender());
        if (_challenges != address(0)) revert ProofOfAIGC_CustodiansAlreadyBound();
        if (hashedTimelock == address(0) || atomicSale == address(0) || challenges == address(0)) {
            revert ProofOfAIGC_ZeroCustodian();
        }

        // Effect: bind them for good.
        (_hashedTimelock, _atomicSale, _challenges) = (hashedTimelock, atomicSale, challenges);
        emit CustodiansBound(hashedTimelock, atomicSale, challenges);
    }

    /* REGISTRATION */

    /// @inheritdoc IProofOfAIGC
    function commit(bytes32 commitment) external {
        // Check: a producer's new commitment.
        _requireRole(Roles.PRODUCER);
        if (_committedBlocks[commitment] != 0) revert ProofOfAIGC_CommitmentExists(commitment);

        // Effect: fix the priority. Somebody who copies a pending commitment only records it earlier for its producer.
        _committedBlocks[commitment] = block.number;
        emit ContentCommitted(commitment, _msgSender(), uint40(block.number));
    }

    /// @inheritdoc IProofOfAIGC
    function register(Registration[] calldata registrations, bytes32 salt) external {
        // Check: a producer registers what it committed to in an earlier block.
        _requireRole(Roles.PRODUCER);
        if (_challenges == address(0)) revert ProofOfAIGC_CustodiansNotBound();
        if (registrations.length == 0) revert ProofOfAIGC_EmptyBatch();
        uint40 committedBlock = _useCommitment(registrations, salt);

        // Check and effect, item by item.
        for (uint256 i; i < registrations.length; ++i) {
            _register(registrations[i], committedBlock);
        }
    }

    /* EXCHANGE AND CHALLENGE */

    /// @inheritdoc IProofOfAIGC
    function freezeForExchange(uint256 tokenId, address owner) external {
        // Check: a custodian freezes a free token of the owner.
        Custodian custodian = _requireExchangeCustodian();
        Content storage content = _requireFree(tokenId);
        if (_ownerOf(tokenId) != owner) revert ProofOfAIGC_NotOwner(tokenId, owner);

        // Effect: freeze it where it is.
        content.exchange = custodian;
        emit ContentFrozenForExchange(tokenId, _msgSender());
    }

    /// @inheritdoc IProofOfAIGC
    function releaseFromExchange(uint256 tokenId, address to) external {
        // Check: the custodian that froze it; removed content stays where it is.
        Custodian custodian = _requireExchangeCustodian();
        Content storage content = _contents[tokenId];
        if (content.exchange != custodian) revert ProofOfAIGC_NotCustodian(_msgSender());
        bool moves = _ownerOf(tokenId) != to;
        if (moves && content.removed) revert ProofOfAIGC_Frozen(tokenId);

        // Effect: free it of the exchange and move it.
        content.exchange = Custodian.None;
        emit ContentReleasedFromExchange(tokenId, _msgSender(), to);
        if (moves) _moveByCustodian(tokenId, to);
    }

    /// @inheritdoc IProofOfAIGC
    function moveInSale(uint256 tokenId, address from, address to) external {
        // Check: the atomic sale moves a free token of the seller.
        if (_msgSender() != _atomicSale) revert ProofOfAIGC_NotCustodian(_msgSender());
        _requireFree(tokenId);
        if (_ownerOf(tokenId) != from) revert ProofOfAIGC_NotOwner(tokenId, from);

        // Effect: move it.
        _moveByCustodian(tokenId, to);
    }

    /// @inheritdoc IProofOfAIGC
    function freezeForChallenge(uint256 tokenId) external {
        // Check: an exchange does not shield a copy, an earlier challenge or removal ends the matter.
        if (_msgSender() != _challenges) revert ProofOfAIGC_NotCustodian(_msgSender());
        Content storage content = _requireRegistered(tokenId);
        if (content.removed) revert ProofOfAIGC_Frozen(tokenId);
        if (content.challenged) revert ProofOfAIGC_AlreadyChallenged(tokenId);

        // Effect: freeze it.
        content.challenged = true;
        emit ContentFrozenForChallenge(tokenId);
    }

    /// @inheritdoc IProofOfAIGC
    function endChallenge(uint256 tokenId, bool remove) external {
        // Check: there is a challenge to end.
        if (_msgSender() != _challenges) revert ProofOfAIGC_NotCustodian(_msgSender());
        Content storage content = _contents[tokenId];
        if (!content.challenged) revert ProofOfAIGC_NotChallenged(tokenId);

        // Effect: remove it for good, or free it.
        content.challenged = false;
        if (remove) {
            content.removed = true;
            emit ContentRemoved(tokenId);
        } else {
            emit ContentReleasedFromChallenge(tokenId);
        }
    }

    /* VIEWS */

    /// @notice The contracts that may freeze and move content; zero before they are bound.
    function custodians() external view returns (address hashedTimelock, address atomicSale, address challenges) {
        return (_hashedTimelock, _atomicSale, _challenges);
    }

    /// @inheritdoc IProofOfAIGC
    function committedBlockOf(bytes32 commitment) external view returns (uint256) {
        return _committedBlocks[commitment];
    }

    /// @inheritdoc IProofOfAIGC
    function requireRecord(Record calldata record) external view {
        uint256 tokenId = uint256(record.receipt.contentHash);
        if (_contents[tokenId].recordHash != keccak256(abi.encode(record))) revert ProofOfAIGC_RecordMismatch(tokenId);
    }

    /// @inheritdoc IProofOfAIGC
    function recordHashOf(uint256 tokenId) external view returns (bytes32) {
        return _contents[tokenId].recordHash;
    }

    /// @inheritdoc IProofOfAIGC
    function creatorOf(uint256 tokenId) external view returns (address) {
        return _contents[tokenId].creator;
    }

    /// @inheritdoc IProofOfAIGC
    function statusOf(uint256 tokenId) external view returns (Status memory) {
        Content storage content = _contents[tokenId];
        address exchange = content.exchange == Custodian.None ? address(0) : _hashedTimelock;
        if (content.exchange == Custodian.AtomicSale) exchange = _atomicSale;
        return Status({removed: content.removed, challenged: content.challenged, exchange: exchange});
    }

    /// @inheritdoc IERC2981
    function royaltyInfo(uint256 tokenId, uint256 salePrice) external view returns (address receiver, uint256 amount) {
        Content storage content = _contents[tokenId];
        return (content.creator, Math.mulDiv(salePrice, content.royaltyBps, 10_000));
    }

    /// @inheritdoc IProofOfAIGC
    function commitmentOf(address producer, bytes32[] calldata contentHashes, bytes32 salt) external pure returns (bytes32) {
        return keccak256(abi.encode(producer, contentHashes, salt));
    }

    /// @notice Name of the content itself, which says what it is but not where; {IProofOfAIGC-ContentRegistered} holds a locator.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        bytes memory prefixed = bytes(Strings.toHexString(tokenId, 32));
        return string.concat("urn:sha256:", string(Bytes.slice(prefixed, bytes("0x").length)));
    }

    /// @inheritdoc IProofOfAIGC
    function hashReceipt(Receipt calldata receipt) public view returns (bytes32) {
        // All fields are of one word, so the struct's encoding is that of its fields in a row.
        return _hashTypedDataV4(keccak256(abi.encode(RECEIPT_TYPEHASH, receipt)));
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC721, IERC165) returns (bool) {
        return interfaceId == type(IProofOfAIGC).interfaceId || interfaceId == type(IERC2981).interfaceId
            || super.supportsInterface(interfaceId);
    }

    /* INTERNAL */

    /// @dev Every way in which a holder moves a token ends here: it has to be free, and to go to an active member.
    function _update(address to, uint256 tokenId, address auth) internal override returns (address) {
        // A mint comes before the content is written, and {register} has checked its receiver.
        if (_contents[tokenId].creator != address(0)) {
            _requireFree(tokenId);
            membership.requireActive(to);
        }
        return super._update(to, tokenId, auth);
    }

    /// @dev Moves without asking what {_update} asks: the custodians checked the parties when the exchange began.
    function _moveByCustodian(uint256 tokenId, address to) private {
        if (to == address(0)) revert ERC721InvalidReceiver(to);
        super._update(to, tokenId, address(0));
    }

    function _useCommitment(Registration[] calldata registrations, bytes32 salt) private returns (uint40) {
        bytes32[] memory contentHashes = new bytes32[](registrations.length);
        for (uint256 i; i < registrations.length; ++i) {
            contentHashes[i] = registrations[i].receipt.contentHash;
        }
        bytes32 commitment = keccak256(abi.encode(_msgSender(), contentHashes, salt));
        uint256 committedBlock = _committedBlocks[commitment];
        if (committedBlock == 0) revert ProofOfAIGC_CommitmentUnknown(commitment);
        if (committedBlock >= block.number) revert ProofOfAIGC_CommitmentTooRecent(commitment, committedBlock);
        delete _committedBlocks[commitment];
        return uint40(committedBlock);
    }

    function _register(Registration calldata registration, uint40 committedBlock) private {
        _checkRegistration(registration);

        address creator = _msgSender();
        uint256 tokenId = uint256(registration.receipt.contentHash);
        Record memory record = Record({
            receipt: registration.receipt,
            creator: creator,
            royaltyBps: registration.royaltyBps,
            committedBlock: committedBlock,
            registeredBlock: uint40(block.number),
            uri: registration.uri
        });
        _mint(creator, tokenId);
        Content storage content = _contents[tokenId];
        (content.creator, content.royaltyBps) = (creator, registration.royaltyBps);
        content.recordHash = keccak256(abi.encode(record));
        emit ContentRegistered(tokenId, creator, record);
    }

    function _checkRegistration(Registration calldata registration) private view {
        Receipt calldata receipt = registration.receipt;
        uint256 tokenId = uint256(receipt.contentHash);
        if (tokenId == 0) revert ProofOfAIGC_ZeroContentHash();
        if (_contents[tokenId].creator != address(0)) revert ProofOfAIGC_AlreadyRegistered(tokenId);
        if (receipt.producer != _msgSender()) revert ProofOfAIGC_NotProducerOfReceipt(_msgSender(), receipt.producer);
        if (!isKnownScheme[receipt.fingerprintScheme]) revert ProofOfAIGC_UnknownScheme(receipt.fingerprintScheme);
        if (registration.royaltyBps > MAXIMUM_ROYALTY_BPS) {
            revert ProofOfAIGC_RoyaltyTooHigh(registration.royaltyBps, MAXIMUM_ROYALTY_BPS);
        }
        uint256 uriLength = bytes(registration.uri).length;
        if (uriLength > MAXIMUM_URI_LENGTH) revert ProofOfAIGC_UriTooLong(uriLength, MAXIMUM_URI_LENGTH);
        membership.requireRole(receipt.provider, Roles.EDGE_SERVICE_PROVIDER);
        bytes calldata signature = registration.receiptSignature;
        if (!SignatureChecker.isValidSignatureNowCalldata(receipt.provider, hashReceipt(receipt), signature)) {
            revert ProofOfAIGC_InvalidReceiptSignature(receipt.provider);
        }
    }

    function _requireExchangeCustodian() private view returns (Custodian) {
        if (_msgSender() == _hashedTimelock) return Custodian.HashedTimelock;
        if (_msgSender() == _atomicSale) return Custodian.AtomicSale;
        revert ProofOfAIGC_NotCustodian(_msgSender());
    }

    function _requireRegistered(uint256 tokenId) private view returns (Content storage content) {
        content = _contents[tokenId];
        if (content.creator == address(0)) revert ProofOfAIGC_NotRegistered(tokenId);
    }

    function _requireFree(uint256 tokenId) private view returns (Content storage content) {
        content = _requireRegistered(tokenId);
        if (content.removed || content.challenged || content.exchange != Custodian.None) {
            revert ProofOfAIGC_Frozen(tokenId);
        }
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
