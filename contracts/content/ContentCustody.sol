// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ContentState} from "./ContentState.sol";
import {ContentToken} from "./ContentToken.sol";
import {IProofOfAIGC} from "./IProofOfAIGC.sol";

/// @title ContentCustody
/// @notice What other contracts do with registered content: exchanges freeze and move it, judges freeze and remove it.
abstract contract ContentCustody is ContentToken {
    uint8 private constant NO_EXCHANGE = 0;
    uint8 private constant HASHED_TIMELOCK = 1;
    uint8 private constant ATOMIC_SALE = 2;

    address private immutable _deployer;
    // These contracts are deployed after the register that they ask, so they cannot be immutable.
    address private _hashedTimelock;
    address private _atomicSale;
    address private _challenges;
    address private _disputes;

    constructor() {
        _deployer = _msgSender();
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

    /// @inheritdoc IProofOfAIGC
    function bindDisputes(address disputes) external {
        // Check: the deployer names a contract, once.
        if (_msgSender() != _deployer) revert ProofOfAIGC_NotDeployer(_msgSender());
        if (_disputes != address(0)) revert ProofOfAIGC_DisputesAlreadyBound(_disputes);
        if (disputes == address(0)) revert ProofOfAIGC_ZeroCustodian();

        // Effect: bind it for good.
        _disputes = disputes;
        emit DisputesBound(disputes);
    }

    /* EXCHANGE AND CHALLENGE */

    /// @inheritdoc IProofOfAIGC
    function freezeForExchange(uint256 tokenId, address owner) external {
        // Check: a custodian freezes a free token of the owner.
        uint8 custodian = _requireExchangeCustodian();
        ContentState state = _requireFree(tokenId);
        _requireOwner(tokenId, owner);

        // Effect: freeze it where it is.
        _setState(tokenId, state.withExchange(custodian));
        emit ContentFrozenForExchange(tokenId, msg.sender);
    }

    /// @inheritdoc IProofOfAIGC
    function releaseFromExchange(uint256 tokenId, address to) external {
        // Check: the custodian that froze it; removed content stays where it is.
        ContentState state = _stateOf(tokenId);
        if (state.exchange() != _requireExchangeCustodian()) revert ProofOfAIGC_NotCustodian(msg.sender);
        address owner = _ownerOf(tokenId);
        if (owner != to && state.isRemoved()) revert ProofOfAIGC_Frozen(tokenId);

        // Effect: free it of the exchange and move it.
        _setState(tokenId, state.withExchange(NO_EXCHANGE));
        emit ContentReleasedFromExchange(tokenId, msg.sender, to);
        if (owner != to) _transfer(owner, to, tokenId);
    }

    /// @inheritdoc IProofOfAIGC
    function moveInSale(uint256 tokenId, address from, address to) external {
        // Check: the atomic sale moves a free token of the seller.
        if (msg.sender != _atomicSale) revert ProofOfAIGC_NotCustodian(msg.sender);
        _requireFree(tokenId);
        _requireOwner(tokenId, from);

        // Effect: move it.
        _transfer(from, to, tokenId);
    }

    /// @inheritdoc IProofOfAIGC
    function freezeForChallenge(uint256 tokenId) external {
        // Check: an exchange does not shield a copy, an earlier challenge or removal ends the matter.
        if (msg.sender != _challenges) revert ProofOfAIGC_NotCustodian(msg.sender);
        ContentState state = _requireRegistered(tokenId);
        if (state.isRemoved()) revert ProofOfAIGC_Frozen(tokenId);
        if (state.isChallenged()) revert ProofOfAIGC_AlreadyChallenged(tokenId);

        // Effect: freeze it.
        _setState(tokenId, state.withChallenged(true));
        emit ContentFrozenForChallenge(tokenId);
        emit MetadataUpdate(tokenId);
    }

    /// @inheritdoc IProofOfAIGC
    function endChallenge(uint256 tokenId, bool remove) external {
        // Check: there is a challenge to end.
        if (msg.sender != _challenges) revert ProofOfAIGC_NotCustodian(msg.sender);
        ContentState state = _stateOf(tokenId);
        if (!state.isChallenged()) revert ProofOfAIGC_NotChallenged(tokenId);

        // Effect: remove it for good, or free it.
        state = state.withChallenged(false);
        if (remove) {
            _setState(tokenId, state.withRemoved());
            emit ContentRemoved(tokenId);
        } else {
            _setState(tokenId, state);
            emit ContentReleasedFromChallenge(tokenId);
        }
        emit MetadataUpdate(tokenId);
    }

    /// @inheritdoc IProofOfAIGC
    function freezeForDispute(uint256 tokenId) external {
        // Check: neither exchange nor challenge shields a false fingerprint; a removal ends the matter.
        if (msg.sender != _disputes) revert ProofOfAIGC_NotCustodian(msg.sender);
        ContentState state = _requireRegistered(tokenId);
        if (state.isRemoved()) revert ProofOfAIGC_Frozen(tokenId);
        if (state.isDisputed()) revert ProofOfAIGC_AlreadyDisputed(tokenId);

        // Effect: freeze it.
        _setState(tokenId, state.withDisputed(true));
        emit ContentFrozenForDispute(tokenId);
        emit MetadataUpdate(tokenId);
    }

    /// @inheritdoc IProofOfAIGC
    function endDispute(uint256 tokenId, bool remove) external {
        // Check: there is a dispute to end.
        if (msg.sender != _disputes) revert ProofOfAIGC_NotCustodian(msg.sender);
        ContentState state = _stateOf(tokenId);
        if (!state.isDisputed()) revert ProofOfAIGC_NotDisputed(tokenId);

        // Effect: remove it for good, unless a challenge did, or end the freeze.
        bool removes = remove && !state.isRemoved();
        state = state.withDisputed(false);
        _setState(tokenId, removes ? state.withRemoved() : state);
        emit ContentReleasedFromDispute(tokenId);
        if (removes) emit ContentRemoved(tokenId);
        emit MetadataUpdate(tokenId);
    }

    /* VIEWS */

    /// @notice The contracts that may freeze and move content; zero before they are bound.
    function custodians() external view returns (address hashedTimelock, address atomicSale, address challenges) {
        return (_hashedTimelock, _atomicSale, _challenges);
    }

    /// @inheritdoc IProofOfAIGC
    function statusOf(uint256 tokenId) external view returns (Status memory) {
        ContentState state = _stateOf(tokenId);
        address exchange = state.exchange() == NO_EXCHANGE ? address(0) : _hashedTimelock;
        if (state.exchange() == ATOMIC_SALE) exchange = _atomicSale;
        return Status({removed: state.isRemoved(), challenged: state.isChallenged(), exchange: exchange});
    }

    /// @inheritdoc IProofOfAIGC
    function isDisputed(uint256 tokenId) external view returns (bool) {
        return _stateOf(tokenId).isDisputed();
    }

    /* INTERNAL */

    function _requireExchangeCustodian() private view returns (uint8) {
        if (msg.sender == _hashedTimelock) return HASHED_TIMELOCK;
        if (msg.sender == _atomicSale) return ATOMIC_SALE;
        revert ProofOfAIGC_NotCustodian(msg.sender);
    }
}
