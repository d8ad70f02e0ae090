// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {FingerprintLibrary} from "./FingerprintLibrary.sol";
import {IChallenges} from "./IChallenges.sol";
import {IProofOfAIGC} from "./IProofOfAIGC.sol";

/// @title ChallengeRules
/// @notice The amounts, times and thresholds of {Challenges}, fixed at deployment, and what follows from them and the
/// register.
abstract contract ChallengeRules is IChallenges {
    uint256 private constant FINGERPRINT_BITS = 256;
    /// @dev A deposit of 96 bits doubled that often still fits in a word.
    uint256 private constant MAXIMUM_DOUBLINGS = 128;

    /// @notice The register of content.
    IProofOfAIGC public immutable registry;
    /// @inheritdoc IChallenges
    uint256 public immutable deposit;
    /// @notice Where the deposit stops growing, wei.
    uint256 public immutable maximumDeposit;
    /// @notice Seconds in which the accused may concede or contest.
    uint40 public immutable answerWindow;
    /// @notice Seconds in which a verdict may be appealed.
    uint40 public immutable finalityPeriod;
    /// @notice Seconds that the arbitrator has.
    uint40 public immutable rulingPeriod;

    /// @inheritdoc IChallenges
    mapping(uint32 fingerprintScheme => uint256 maximumDistance) public maximumDistanceOf;

    constructor(address registry_, Rules memory rules, uint32[] memory schemes, uint256[] memory maximumDistances) {
        registry = IProofOfAIGC(registry_);
        if (rules.deposit == 0 || rules.deposit > rules.maximumDeposit) {
            revert Challenges_BadDeposit(rules.deposit, rules.maximumDeposit);
        }
        (deposit, maximumDeposit) = (rules.deposit, rules.maximumDeposit);
        answerWindow = _inRange(rules.answerWindow, rules);
        finalityPeriod = _inRange(rules.finalityPeriod, rules);
        rulingPeriod = _inRange(rules.rulingPeriod, rules);
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

    /// @dev Doubles with every rejection up to the maximum.
    function _depositAfter(uint256 rejections) internal view returns (uint256) {
        return Math.min(deposit << Math.min(rejections, MAXIMUM_DOUBLINGS), maximumDeposit);
    }

    /// @dev Distance of two fingerprints and the threshold that judges it, 0 where nothing does.
    function _measure(IProofOfAIGC.Receipt calldata original, IProofOfAIGC.Receipt calldata duplicate)
        internal
        view
        returns (uint256 distance, uint256 maximumDistance)
    {
        distance = FingerprintLibrary.distance(original.fingerprint, duplicate.fingerprint);
        if (original.fingerprintScheme == duplicate.fingerprintScheme) {
            maximumDistance = maximumDistanceOf[original.fingerprintScheme];
        }
    }

    /// @dev Who gets what of a deposit and a bond. Of what is lost the other party gets half, rounded down, so that the part
    /// that nobody gets back is never the smaller one.
    function _shares(State state, uint256 stake, uint256 bond)
        internal
        pure
        returns (uint256 toChallenger, uint256 toAccused, uint256 toTreasury)
    {
        if (state == State.Upheld) return (stake + bond / 2, 0, bond - bond / 2);
        if (state == State.Rejected) return (0, bond + stake / 2, stake - stake / 2);
        return (stake, bond, 0);
    }

    function _requireNotRemoved(uint256 duplicateTokenId) internal view {
        if (registry.statusOf(duplicateTokenId).removed) revert Challenges_DuplicateRemoved(duplicateTokenId);
    }

    function _requireRecord(IProofOfAIGC.Record calldata record, uint256 tokenId) internal view {
        uint256 recordTokenId = uint256(record.receipt.contentHash);
        if (recordTokenId != tokenId) revert Challenges_RecordOfOtherToken(recordTokenId, tokenId);
        registry.requireRecord(record);
    }

    function _ownerOf(uint256 tokenId) internal view returns (address) {
        return IERC721(address(registry)).ownerOf(tokenId);
    }

    function _after(uint40 period) internal view returns (uint40) {
        // Safe cast: 40 bits of seconds last for 34,000 years.
        return uint40(block.timestamp) + period;
    }

    function _isOpen(State state) internal pure returns (bool) {
        return state >= State.Open && state <= State.Appealed;
    }

    function _inRange(uint40 period, Rules memory rules) private pure returns (uint40) {
        if (period < rules.minimumPeriod || period > rules.maximumPeriod) {
            revert Challenges_PeriodOutOfRange(period, rules.minimumPeriod, rules.maximumPeriod);
        }
        return period;
    }
}
