// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ERC721} from "solady/src/tokens/ERC721.sol";
import {MemberContext} from "../identity/MemberContext.sol";
import {Roles} from "../identity/Roles.sol";
import {ContentCustody} from "./ContentCustody.sol";
import {ContentState, ContentStates} from "./ContentState.sol";
import {IProofOfAIGC} from "./IProofOfAIGC.sol";
import {MerkleTreeLibrary} from "./MerkleTreeLibrary.sol";

/// @title ProofOfAIGC
/// @notice The register of AI-generated content.
contract ProofOfAIGC is IERC2981, ContentCustody, EIP712 {
    /// @dev All that is stored of a registration beyond the tokens' own words; the committing transaction pays for the word:
    ///
    ///     216 bits    | 40
    ///     recordsRoot | committedBlock
    ///
    /// 27 bytes of a hash: to find two sets of records with equal ones takes some 2^108 attempts.
    struct Commitment {
        uint40 committedBlock;
        bytes27 recordsRoot;
    }

    uint16 private constant MAXIMUM_ROYALTY_BPS = 1_000;
    uint256 private constant MAXIMUM_URI_LENGTH = 256;
    uint256 private constant MAXIMUM_SCHEMES = 8;
    bytes32 private constant RECEIPT_TYPEHASH = keccak256(
        "Receipt(address producer,address provider,bytes32 contentHash,bytes32 fingerprint,uint32 fingerprintScheme,bytes32 promptCommitment,bytes32 modelId)"
    );

    /// @dev The known schemes, 32 bits each.
    uint256 private immutable _schemes;
    mapping(bytes32 commitment => Commitment state) private _commitments;

    constructor(address membership_, address forwarder, uint32[] memory schemes)
        EIP712("EdgeBazaar ProofOfAIGC", "1")
        MemberContext(membership_, forwarder)
    {
        if (schemes.length > MAXIMUM_SCHEMES) revert ProofOfAIGC_TooManySchemes(schemes.length, MAXIMUM_SCHEMES);
        uint256 packed;
        for (uint256 i; i < schemes.length; ++i) {
            packed = packed << 32 | schemes[i];
        }
        _schemes = packed;
    }

    /* REGISTRATION */

    /// @inheritdoc IProofOfAIGC
    function commit(bytes32 commitment) external {
        // Check: a producer's new commitment.
        _requireRole(Roles.PRODUCER);
        if (_commitments[commitment].committedBlock != 0) revert ProofOfAIGC_CommitmentExists(commitment);

        // Effect: fix the priority. Somebody who copies a pending commitment only records it earlier for its producer.
        // Block numbers fit 40 bits.
        _commitments[commitment].committedBlock = uint40(block.number);
        emit ContentCommitted(commitment, _msgSender());
    }

    /// @inheritdoc IProofOfAIGC
    function register(Registration[] calldata registrations, bytes32 salt) external {
        // Check: a producer registers what it committed to in an earlier block.
        uint32 creatorNumber = _requireRole(Roles.PRODUCER);
        if (registrations.length == 0) revert ProofOfAIGC_EmptyBatch();
        (bytes32 commitment, uint40 committedBlock) = _requireCommitted(registrations, salt);

        // Check and effect, item by item. A provider is asked for once, as long as its items stand together.
        bytes32[] memory leaves = new bytes32[](registrations.length);
        for (uint256 i; i < registrations.length; ++i) {
            address provider = registrations[i].receipt.provider;
            if (i == 0 || provider != registrations[i - 1].receipt.provider) {
                membership.requireRole(provider, Roles.EDGE_SERVICE_PROVIDER);
            }
            leaves[i] = _register(registrations[i], creatorNumber, committedBlock, commitment);
        }

        // Effect: one root holds all records. The commitment cannot be used again, as its content is registered now.
        bytes27 recordsRoot = bytes27(MerkleTreeLibrary.rootOf(leaves));
        _commitments[commitment] = Commitment({committedBlock: committedBlock, recordsRoot: recordsRoot});
    }

    /* VIEWS */

    /// @inheritdoc IProofOfAIGC
    function commitmentStateOf(bytes32 commitment) external view returns (uint40 committedBlock, bytes27 recordsRoot) {
        Commitment memory state = _commitments[commitment];
        return (state.committedBlock, state.recordsRoot);
    }

    /// @inheritdoc IProofOfAIGC
    function requireRecord(Record calldata record) external view {
        Commitment memory state = _commitments[record.commitment];
        bytes32 leaf = _leafOf(_structHashOf(record.receipt), record.royaltyBps, record.uri);
        bytes27 recordsRoot = bytes27(MerkleProof.processProofCalldata(record.proof, leaf));
        if (state.recordsRoot != recordsRoot || state.committedBlock != record.committedBlock) {
            revert ProofOfAIGC_RecordMismatch(uint256(record.receipt.contentHash));
        }
    }

    /// @inheritdoc IProofOfAIGC
    function creatorOf(uint256 tokenId) public view returns (address) {
        return membership.accountOf(_stateOf(tokenId).creatorNumber());
    }

    /// @inheritdoc IERC2981
    function royaltyInfo(uint256 tokenId, uint256 salePrice) external view returns (address receiver, uint256 amount) {
        return (creatorOf(tokenId), Math.mulDiv(salePrice, _stateOf(tokenId).royaltyBps(), 10_000));
    }

    /// @inheritdoc IProofOfAIGC
    function commitmentOf(address producer, bytes32[] calldata contentHashes, bytes32 salt) external pure returns (bytes32) {
        return keccak256(abi.encode(producer, contentHashes, salt));
    }

    /// @inheritdoc IProofOfAIGC
    function hashReceipt(Receipt calldata receipt) public view returns (bytes32) {
        return _hashTypedDataV4(_structHashOf(receipt));
    }

    /// @inheritdoc IProofOfAIGC
    function isKnownScheme(uint32 fingerprintScheme) public view returns (bool) {
        for (uint256 rest = _schemes; rest != 0; rest >>= 32) {
            if (uint32(rest) == fingerprintScheme) return true;
        }
        return false;
    }

    /// @notice Which interfaces are implemented (ERC-165).
    function supportsInterface(bytes4 interfaceId) public view override(ERC721, IERC165) returns (bool) {
        return interfaceId == type(IProofOfAIGC).interfaceId || interfaceId == type(IERC2981).interfaceId
            || interfaceId == ERC4906 || super.supportsInterface(interfaceId);
    }

    /* INTERNAL */

    /// @dev Checks, mints and announces one item; returns the leaf of its record.
    function _register(
        Registration calldata registration,
        uint32 creatorNumber,
        uint40 committedBlock,
        bytes32 commitment
    ) private returns (bytes32 leaf) {
        Receipt calldata receipt = registration.receipt;
        bytes32 structHash = _structHashOf(receipt);
        _checkRegistration(registration, structHash);

        // A producer registers for itself, so it is the creator.
        ContentState state = ContentStates.created(creatorNumber, registration.royaltyBps);
        _mintAndSetExtraDataUnchecked(receipt.producer, uint256(receipt.contentHash), ContentState.unwrap(state));
        emit ContentRegistered(
            uint256(receipt.contentHash),
            receipt.producer,
            receipt,
            registration.royaltyBps,
            committedBlock,
            commitment,
            registration.uri
        );
        return _leafOf(structHash, registration.royaltyBps, registration.uri);
    }

    function _requireCommitted(Registration[] calldata registrations, bytes32 salt)
        private
        view
        returns (bytes32 commitment, uint40 committedBlock)
    {
        bytes32[] memory contentHashes = new bytes32[](registrations.length);
        for (uint256 i; i < registrations.length; ++i) {
            contentHashes[i] = registrations[i].receipt.contentHash;
        }
        commitment = keccak256(abi.encode(_msgSender(), contentHashes, salt));
        committedBlock = _commitments[commitment].committedBlock;
        if (committedBlock == 0) revert ProofOfAIGC_CommitmentUnknown(commitment);
        if (committedBlock >= block.number) revert ProofOfAIGC_CommitmentTooRecent(commitment, committedBlock);
    }

    function _checkRegistration(Registration calldata registration, bytes32 structHash) private view {
        Receipt calldata receipt = registration.receipt;
        uint256 tokenId = uint256(receipt.contentHash);
        if (tokenId == 0) revert ProofOfAIGC_ZeroContentHash();
        if (_ownerOf(tokenId) != address(0)) revert ProofOfAIGC_AlreadyRegistered(tokenId);
        if (receipt.producer != _msgSender()) revert ProofOfAIGC_NotProducerOfReceipt(_msgSender(), receipt.producer);
        if (!isKnownScheme(receipt.fingerprintScheme)) revert ProofOfAIGC_UnknownScheme(receipt.fingerprintScheme);
        if (registration.royaltyBps > MAXIMUM_ROYALTY_BPS) {
            revert ProofOfAIGC_RoyaltyTooHigh(registration.royaltyBps, MAXIMUM_ROYALTY_BPS);
        }
        uint256 uriLength = bytes(registration.uri).length;
        if (uriLength > MAXIMUM_URI_LENGTH) revert ProofOfAIGC_UriTooLong(uriLength, MAXIMUM_URI_LENGTH);
        _checkSignature(receipt.provider, structHash, registration.receiptSignature);
    }

    /// @dev Keys first: a provider that is no contract, as most, costs no look at its account.
    function _checkSignature(address provider, bytes32 structHash, bytes calldata signature) private view {
        bytes32 digest = _hashTypedDataV4(structHash);
        (address signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
        // A provider is a member and so never the zero account, which stands for a malformed signature.
        if (
            signer != provider
                && !SignatureChecker.isValidERC1271SignatureNowCalldata(provider, digest, signature)
        ) revert ProofOfAIGC_InvalidReceiptSignature(provider);
    }

    /// @dev All fields are of one word, so the struct's encoding is that of its fields in a row.
    function _structHashOf(Receipt calldata receipt) private pure returns (bytes32) {
        return keccak256(abi.encode(RECEIPT_TYPEHASH, receipt));
    }

    function _leafOf(bytes32 structHash, uint16 royaltyBps, string calldata uri) private pure returns (bytes32) {
        return keccak256(abi.encode(structHash, royaltyBps, keccak256(bytes(uri))));
    }
}
