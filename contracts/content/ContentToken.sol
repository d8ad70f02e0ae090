// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC721Utils} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Utils.sol";
import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {ERC721} from "solady/src/tokens/ERC721.sol";
import {MemberContext} from "../identity/MemberContext.sol";
import {ContentState} from "./ContentState.sol";
import {IProofOfAIGC} from "./IProofOfAIGC.sol";

/// @title ContentToken
/// @notice The token of the register: an ERC-721 that only moves while it is free, and only to active members.
/// @dev Solady's ERC-721 leaves 96 bits beside each owner, which hold the {ContentState}. It asks for the plain caller and
/// takes coins; here the signer of a relayed call counts, and a call with coins is refused.
abstract contract ContentToken is IProofOfAIGC, ERC721, MemberContext {
    /// @dev Interface id of ERC-4906, which only declares events.
    bytes4 internal constant ERC4906 = 0x49064906;

    string private _metadataBase;

    /* METADATA */

    /// @inheritdoc IProofOfAIGC
    function setMetadataBase(string calldata base) external {
        // Check: the administrator of the consortium.
        address caller = _msgSender();
        if (caller != Ownable(address(membership)).owner()) revert ProofOfAIGC_NotAdministrator(caller);

        // Effect: the metadata of every token is elsewhere.
        _metadataBase = base;
        emit MetadataBaseChanged(base);
        emit BatchMetadataUpdate(0, type(uint256).max);
    }

    /// @inheritdoc IProofOfAIGC
    function contractURI() external view returns (string memory) {
        return bytes(_metadataBase).length == 0 ? "" : string.concat(_metadataBase, "/api/v1/collection");
    }

    /// @notice Where the metadata of content is; without a base the name of the content itself, which says what it is but
    /// not where.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireRegistered(tokenId);
        string memory contentHash = Strings.toHexString(tokenId, 32);
        if (bytes(_metadataBase).length == 0) {
            return string.concat("urn:sha256:", string(Bytes.slice(bytes(contentHash), bytes("0x").length)));
        }
        return string.concat(_metadataBase, "/api/v1/contents/", contentHash, "/metadata");
    }

    /* ERC-721 */

    /// @notice Lets an account move one token.
    function approve(address account, uint256 tokenId) public payable override {
        _refuseValue();
        _approve(_msgSender(), account, tokenId);
    }

    /// @notice Lets an account move all tokens of the caller, or no longer.
    function setApprovalForAll(address operator, bool isApproved) public override {
        _setApprovalForAll(_msgSender(), operator, isApproved);
    }

    /// @notice Moves a free token to an active member.
    function transferFrom(address from, address to, uint256 tokenId) public payable override {
        _refuseValue();
        _requireFree(tokenId);
        membership.requireActive(to);
        _transfer(_msgSender(), from, to, tokenId);
    }

    /// @notice As {transferFrom}; a contract that receives has to say that it handles tokens.
    function safeTransferFrom(address from, address to, uint256 tokenId) public payable override {
        transferFrom(from, to, tokenId);
        ERC721Utils.checkOnERC721Received(_msgSender(), from, to, tokenId, "");
    }

    /// @notice As {transferFrom}; a contract that receives has to say that it handles tokens.
    function safeTransferFrom(address from, address to, uint256 tokenId, bytes calldata data) public payable override {
        transferFrom(from, to, tokenId);
        ERC721Utils.checkOnERC721Received(_msgSender(), from, to, tokenId, data);
    }

    /// @notice Name of the collection.
    function name() public pure override returns (string memory) {
        return "EdgeBazaar Content";
    }

    /// @notice Short name of the collection.
    function symbol() public pure override returns (string memory) {
        return "EBC";
    }

    /* INTERNAL */

    function _setState(uint256 tokenId, ContentState state) internal {
        _setExtraData(tokenId, ContentState.unwrap(state));
    }

    /// @dev Zero of a token that was never registered.
    function _stateOf(uint256 tokenId) internal view returns (ContentState) {
        return ContentState.wrap(_getExtraData(tokenId));
    }

    function _requireRegistered(uint256 tokenId) internal view returns (ContentState state) {
        state = _stateOf(tokenId);
        if (state.creatorNumber() == 0) revert ProofOfAIGC_NotRegistered(tokenId);
    }

    function _requireFree(uint256 tokenId) internal view returns (ContentState state) {
        state = _requireRegistered(tokenId);
        if (!state.isFree()) revert ProofOfAIGC_Frozen(tokenId);
    }

    function _requireOwner(uint256 tokenId, address account) internal view {
        if (_ownerOf(tokenId) != account) revert ProofOfAIGC_NotOwner(tokenId, account);
    }

    /// @dev Coins would be stuck here.
    function _refuseValue() private view {
        if (msg.value != 0) revert ProofOfAIGC_ValueNotAccepted(msg.value);
    }
}
