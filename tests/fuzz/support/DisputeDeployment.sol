// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FingerprintDisputes} from "../../../contracts/content/FingerprintDisputes.sol";
import {IFingerprintDisputes} from "../../../contracts/content/IFingerprintDisputes.sol";
import {IProofOfAIGC} from "../../../contracts/content/IProofOfAIGC.sol";
import {Vm} from "./ForgeTest.sol";
import {MarketDeployment} from "./MarketDeployment.sol";

/// @title DisputeDeployment
/// @notice The market with the disputes about fingerprints, a panel of staked providers, and its acts by the right party.
abstract contract DisputeDeployment is MarketDeployment {
    uint96 internal constant BOND = 0.1 ether + 3;
    uint96 internal constant RECEIPT_PENALTY = 1 ether + 7;
    uint96 internal constant DUTY_PENALTY = 0.05 ether;
    uint256 internal constant PANEL = 8;
    uint96 internal constant STAKE = 3 ether;
    address internal constant ASSERTER = address(0xA55E);
    address internal constant PRODUCER = address(0xB0B);

    FingerprintDisputes internal immutable disputes;

    constructor() {
        disputes = new FingerprintDisputes(
            address(membership),
            address(0xF0),
            address(registry),
            address(payouts),
            address(board),
            TREASURY,
            IFingerprintDisputes.Rules({
                bond: BOND,
                receiptPenalty: RECEIPT_PENALTY,
                dutyPenalty: DUTY_PENALTY,
                commitWindow: 1 hours,
                revealWindow: 30 minutes
            })
        );
        registry.bindDisputes(address(disputes));
        board.bindDisputes(address(disputes));
        admit(ASSERTER);
        admit(PRODUCER);
        vm.deal(ASSERTER, 1_000 ether);
        stakeBy(provider());
        for (uint256 i; i < PANEL; ++i) {
            admit(panelist(i));
            stakeBy(panelist(i));
        }
    }

    function provider() internal pure returns (address) {
        return vm.addr(PROVIDER_KEY);
    }

    function panelist(uint256 index) internal pure returns (address) {
        return address(uint160(0xE500 + index));
    }

    function stakeBy(address account) internal {
        vm.deal(account, STAKE);
        vm.prank(account);
        board.stake{value: STAKE}();
    }

    function openDispute(IProofOfAIGC.Record memory record)
        internal
        returns (IFingerprintDisputes.Terms memory terms)
    {
        terms = IFingerprintDisputes.Terms({
            tokenId: uint256(record.receipt.contentHash),
            fingerprint: record.receipt.fingerprint,
            provider: record.receipt.provider,
            asserter: ASSERTER,
            attempt: disputes.attemptsOf(uint256(record.receipt.contentHash)) + 1
        });
        vm.prank(ASSERTER);
        disputes.open{value: BOND}(record, "https://content.example/bytes");
    }

    /// @dev Draws in the second block after the opening; the drawn as the event names them.
    function drawSample(IFingerprintDisputes.Terms memory terms) internal returns (address[] memory sample) {
        vm.roll(block.number + 2);
        vm.recordLogs();
        disputes.draw(terms);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IFingerprintDisputes.SampleDrawn.selector) {
                (sample,,) = abi.decode(logs[i].data, (address[], uint40, uint40));
            }
        }
    }

    function attest(
        IFingerprintDisputes.Terms memory terms,
        address[] memory sample,
        address attester,
        bytes32[8] memory fingerprints
    ) internal {
        bytes32 commitment = disputes.attestationOf(disputes.idOf(terms), attester, fingerprints, "salt");
        vm.prank(attester);
        disputes.commit(terms, sample, commitment);
    }

    function fingerprintsOf(bytes32 first) internal pure returns (bytes32[8] memory fingerprints) {
        fingerprints[0] = first;
        for (uint256 i = 1; i < 8; ++i) {
            fingerprints[i] = keccak256(abi.encode(first, i));
        }
    }
}
