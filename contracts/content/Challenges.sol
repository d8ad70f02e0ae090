// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {MemberContext} from "../identity/MemberContext.sol";
import {IPayouts} from "../payments/IPayouts.sol";
import {Payments} from "../payments/Payments.sol";
import {FingerprintLibrary} from "./FingerprintLibrary.sol";
import {IChallenges} from "./IChallenges.sol";
import {IProofOfAIGC} from "./IProofOfAIGC.sol";

/// @title Challenges
/// @notice Decides on near-copies by the distance of fingerprints.
/// @dev Every open challenge holds exactly one deposit here. A zero treasury burns what challengers forfeit.
contract Challenges is IChallenges, MemberContext {
    using Payments for IPayouts;

    uint256 private constant FINGERPRINT_BITS = 256;

    /// @notice The register of content.
    IProofOfAIGC public immutable registry;
    /// @notice Takes credits for parties that do not accept a payment.
    IPayouts public immutable payouts;
    /// @notice Receives what challengers forfeit.
    address public immutable treasury;
    /// @inheritdoc IChallenges
    uint256 public immutable deposit;

    mapping(bytes32 challengeId => State state) private _states;
    /// @inheritdoc IChallenges
    mapping(uint256 duplicateTokenId => uint256 attempts) public attemptsAgainst;
    /// @inheritdoc IChallenges
    mapping(uint32 fingerprintScheme => uint256 maximumDistance) public maximumDistanceOf;

    constructor(
        address registry_,
        address membership_,
        address payouts_,
        address forwarder,
        address treasury_,
        uint256 deposit_,
        uint32[] memory schemes,
        uint256[] memory maximumDistances
    ) MemberContext(membership_, forwarder) {
        registry = IProofOfAIGC(registry_);
        payouts = IPayouts(payouts_);
        treasury = treasury_;
        deposit = deposit_;
        if (schemes.length != maximumDistances.length) {
            revert Challenges_LengthMismatch(schemes.length, maximumDistances.length);
        }
        for (uint256 i; i < schemes.length; ++i) {
            // Zero stands for "no threshold"; at the full width every two fingerprints would be copies of each other.
            if (maximumDistances[i] == 0 || maximumDistances[i] >= FINGERPRINT_BITS) {
                revert Challenges_BadThreshold(schemes[i], maximumDistances[i]);
            }
            maximumDistanceOf[schemes[i]] = maximumDistances[i];
        }
    }

    /// @inheritdoc IChallenges
    function open(IProofOfAIGC.Record calldata original, IProofOfAIGC.Record calldata duplicate)
        external
        payable
        returns (bytes32 challengeId)
    {
        // Check: steps 1 and 2.
        _requireActive();
        if (msg.value != deposit) revert Challenges_WrongDeposit(msg.value, deposit);
        _checkRecords(original, duplicate);
        _checkChallenger(original);

        // Effect: a new attempt against the duplicate is open. The accused is who owns it now, whatever an exchange does.
        uint256 duplicateTokenId = _tokenIdOf(duplicate);
        address accused = _ownerOf(duplicateTokenId);
        uint256 attempt = ++attemptsAgainst[duplicateTokenId];
        challengeId = idOf(_tokenIdOf(original), duplicateTokenId, _msgSender(), accused, attempt);
        _states[challengeId] = State.Open;
        emit ChallengeOpened(
            challengeId, _msgSender(), _tokenIdOf(original), duplicateTokenId, accused, deposit, attempt
        );

        // Interaction: freeze the duplicate, which the register refuses when it is removed or challenged.
        registry.freezeForChallenge(duplicateTokenId);
    }

    /// @inheritdoc IChallenges
    function settle(
        IProofOfAIGC.Record calldata original,
        IProofOfAIGC.Record calldata duplicate,
        address challenger,
        address accused,
        uint256 attempt
    ) external {
        // Check: the challenge is open, and the records are those of its tokens.
        bytes32 challengeId = idOf(_tokenIdOf(original), _tokenIdOf(duplicate), challenger, accused, attempt);
        State state = _states[challengeId];
        if (state != State.Open) revert Challenges_NotOpen(challengeId, state);
        registry.requireRecord(original);
        registry.requireRecord(duplicate);

        // Effect: step 3, the verdict.
        bool upheld = _decide(challengeId, original.receipt, duplicate.receipt);

        // Interaction: step 4, the duplicate and the deposit.
        registry.endChallenge(_tokenIdOf(duplicate), upheld);
        if (upheld) {
            _pay(challenger, deposit);
        } else {
            _pay(accused, _compensation());
            _pay(treasury, deposit - _compensation());
        }
    }

    /// @inheritdoc IChallenges
    function stateOf(bytes32 challengeId) external view returns (State) {
        return _states[challengeId];
    }

    /// @inheritdoc IChallenges
    function idOf(uint256 originalTokenId, uint256 duplicateTokenId, address challenger, address accused, uint256 attempt)
        public
        view
        returns (bytes32)
    {
        return keccak256(
            abi.encode(block.chainid, address(this), originalTokenId, duplicateTokenId, challenger, accused, attempt)
        );
    }

    function _decide(
        bytes32 challengeId,
        IProofOfAIGC.Receipt calldata original,
        IProofOfAIGC.Receipt calldata duplicate
    ) private returns (bool upheld) {
        uint256 distance = FingerprintLibrary.distance(original.fingerprint, duplicate.fingerprint);
        uint256 maximumDistance = maximumDistanceOf[original.fingerprintScheme];
        upheld = distance <= maximumDistance;
        _states[challengeId] = upheld ? State.Upheld : State.Rejected;
        emit ChallengeSettled({
            challengeId: challengeId,
            duplicateTokenId: uint256(duplicate.contentHash),
            upheld: upheld,
            distance: distance,
            maximumDistance: maximumDistance,
            depositReturned: upheld ? deposit : 0,
            compensation: upheld ? 0 : _compensation(),
            forfeited: upheld ? 0 : deposit - _compensation()
        });
    }

    function _pay(address to, uint256 amount) private {
        if (to == _msgSender()) Payments.payCaller(to, amount);
        else payouts.payOrCredit(to, amount);
    }

    /// @dev Half, rounded down: the forfeited rest is never the smaller part.
    function _compensation() private view returns (uint256) {
        return deposit / 2;
    }

    function _checkRecords(IProofOfAIGC.Record calldata original, IProofOfAIGC.Record calldata duplicate) private view {
        registry.requireRecord(original);
        registry.requireRecord(duplicate);
        if (_tokenIdOf(original) == _tokenIdOf(duplicate)) revert Challenges_SameToken(_tokenIdOf(original));
        if (original.committedBlock >= duplicate.committedBlock) {
            revert Challenges_OriginalNotEarlier(original.committedBlock, duplicate.committedBlock);
        }
        uint32 originalScheme = original.receipt.fingerprintScheme;
        uint32 duplicateScheme = duplicate.receipt.fingerprintScheme;
        if (originalScheme != duplicateScheme) revert Challenges_SchemeMismatch(originalScheme, duplicateScheme);
        if (maximumDistanceOf[originalScheme] == 0) revert Challenges_NoThreshold(originalScheme);
        if (registry.statusOf(_tokenIdOf(original)).removed) revert Challenges_OriginalRemoved(_tokenIdOf(original));
    }

    function _checkChallenger(IProofOfAIGC.Record calldata original) private view {
        uint256 originalTokenId = _tokenIdOf(original);
        if (_msgSender() != original.receipt.producer && _msgSender() != _ownerOf(originalTokenId)) {
            revert Challenges_NotCreatorOrOwner(_msgSender(), originalTokenId);
        }
    }

    function _ownerOf(uint256 tokenId) private view returns (address) {
        return IERC721(address(registry)).ownerOf(tokenId);
    }

    function _tokenIdOf(IProofOfAIGC.Record calldata record) private pure returns (uint256) {
        return uint256(record.receipt.contentHash);
    }
}
