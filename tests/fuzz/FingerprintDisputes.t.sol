// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFingerprintDisputes} from "../../contracts/content/IFingerprintDisputes.sol";
import {IProofOfAIGC} from "../../contracts/content/IProofOfAIGC.sol";
import {DisputeDeployment} from "./support/DisputeDeployment.sol";

/// @notice Disputes about fingerprints: every mixture of answers, and where every wei goes.
contract FingerprintDisputesTest is DisputeDeployment {
    enum Act {
        Idle,
        CommitOnly,
        AttestDeclared,
        AttestOther,
        AttestThird
    }

    uint256 private coinsBefore;

    function testFuzz_outcomeAndMoneyFollowTheAttestations(bytes32 contentHash, uint256 draws) public {
        vm.assume(contentHash != 0);
        IProofOfAIGC.Record memory record = registerRecord(PRODUCER, contentHash, 0);
        coinsBefore = coins();
        IFingerprintDisputes.Terms memory terms = openDispute(record);
        assertEq(address(disputes).balance, BOND, "one open bond");
        assertTrue(registry.isDisputed(terms.tokenId), "frozen");
        address[] memory sample = drawSample(terms);
        checkSample(sample, terms);

        uint256[5] memory counts = play(terms, sample, draws);
        vm.warp(block.timestamp + 2 hours);
        disputes.settle(terms, sample);
        checkOutcome(terms, sample, counts, draws);
    }

    function testFuzz_thePartiesAreNeverDrawn(bytes32 contentHash) public {
        vm.assume(contentHash != 0);
        stakeBy(ASSERTER);
        vm.deal(ASSERTER, 1 ether);
        IProofOfAIGC.Record memory record = registerRecord(PRODUCER, contentHash, 0);
        IFingerprintDisputes.Terms memory terms = openDispute(record);
        checkSample(drawSample(terms), terms);
    }

    function testFuzz_tooFewToAskEndsItAtOnce(bytes32 contentHash, uint8 leftDraw) public {
        vm.assume(contentHash != 0);
        uint256 left = leftDraw % 3;
        for (uint256 i = left; i < PANEL; ++i) {
            vm.prank(panelist(i));
            board.unstake(STAKE);
        }
        IProofOfAIGC.Record memory record = registerRecord(PRODUCER, contentHash, 0);
        uint256 balance = ASSERTER.balance;
        IFingerprintDisputes.Terms memory terms = openDispute(record);
        vm.roll(block.number + 2);
        disputes.draw(terms);
        assertEq(ASSERTER.balance, balance, "bond back");
        assertTrue(!registry.isDisputed(terms.tokenId), "free again");
        assertTrue(stateOf(terms) == IFingerprintDisputes.State.Lapsed, "lapsed");
        vm.prank(provider());
        board.unstake(STAKE);
    }

    function testFuzz_aForgottenSeedIsRenewed(bytes32 contentHash, uint16 late) public {
        vm.assume(contentHash != 0);
        IFingerprintDisputes.Terms memory terms = openDispute(registerRecord(PRODUCER, contentHash, 0));
        vm.expectRevert();
        disputes.draw(terms);
        vm.roll(block.number + 258 + uint256(late));
        disputes.draw(terms);
        assertTrue(stateOf(terms) == IFingerprintDisputes.State.Open, "waits for another seed");
        vm.expectRevert();
        disputes.draw(terms);
        checkSample(drawSample(terms), terms);
    }

    /// @dev What everybody in the play has, wherever it is.
    function coins() private view returns (uint256 sum) {
        sum = address(disputes).balance + address(board).balance + address(payouts).balance + ASSERTER.balance;
        for (uint256 i; i < PANEL; ++i) {
            sum += panelist(i).balance;
        }
        return sum + provider().balance + TREASURY.balance;
    }

    function stateOf(IFingerprintDisputes.Terms memory terms) private view returns (IFingerprintDisputes.State state) {
        (state,,,,) = disputes.disputeOf(disputes.idOf(terms));
    }

    function actOf(uint256 draws, uint256 index) private pure returns (Act) {
        // The two honest answers more often than the rest, so that quorums happen.
        uint256 draw = (draws >> (8 * index)) % 10;
        if (draw < 4) return Act.AttestOther;
        if (draw < 7) return Act.AttestDeclared;
        return draw == 7 ? Act.Idle : draw == 8 ? Act.CommitOnly : Act.AttestThird;
    }

    function answerOf(IFingerprintDisputes.Terms memory terms, Act act) private pure returns (bytes32[8] memory) {
        return fingerprintsOf(act == Act.AttestDeclared ? terms.fingerprint : keccak256(abi.encode(act)));
    }

    function play(IFingerprintDisputes.Terms memory terms, address[] memory sample, uint256 draws)
        private
        returns (uint256[5] memory counts)
    {
        for (uint256 i; i < sample.length; ++i) {
            Act act = actOf(draws, i);
            if (act != Act.Idle) attest(terms, sample, sample[i], answerOf(terms, act));
        }
        vm.warp(block.timestamp + 1 hours);
        for (uint256 i; i < sample.length; ++i) {
            Act act = actOf(draws, i);
            ++counts[uint256(act)];
            if (act <= Act.CommitOnly) continue;
            vm.prank(sample[i]);
            disputes.reveal(terms, answerOf(terms, act), "salt");
        }
    }

    function checkSample(address[] memory sample, IFingerprintDisputes.Terms memory terms) private view {
        assertLe(3, sample.length, "too small");
        assertLe(sample.length, 5, "too large");
        for (uint256 i; i < sample.length; ++i) {
            assertTrue(sample[i] != terms.provider && sample[i] != terms.asserter, "a party was drawn");
            assertTrue(board.isEligible(sample[i]), "not eligible");
            for (uint256 j; j < i; ++j) {
                assertTrue(sample[i] != sample[j], "drawn twice");
            }
        }
    }

    function checkOutcome(
        IFingerprintDisputes.Terms memory terms,
        address[] memory sample,
        uint256[5] memory counts,
        uint256 draws
    ) private {
        Act winner = Act.Idle;
        for (uint256 act = uint256(Act.AttestDeclared); act <= uint256(Act.AttestThird); ++act) {
            if (3 * counts[act] >= 2 * sample.length) winner = Act(act);
        }
        IFingerprintDisputes.State outcome = IFingerprintDisputes.State.Lapsed;
        if (winner == Act.AttestDeclared) outcome = IFingerprintDisputes.State.True;
        else if (winner != Act.Idle) outcome = IFingerprintDisputes.State.False;
        assertTrue(stateOf(terms) == outcome, "outcome");
        bool isFalse = outcome == IFingerprintDisputes.State.False;
        assertTrue(registry.statusOf(terms.tokenId).removed == isFalse, "removed");
        assertTrue(!registry.isDisputed(terms.tokenId), "no dispute any more");
        assertTrue((disputes.attestedVariantsOf(terms.tokenId) != 0) == (winner != Act.Idle), "variants");

        assertEq(address(disputes).balance, 0, "no bond is left");
        assertEq(coins(), coinsBefore, "coins neither appear nor vanish");
        assertEq(board.offerOf(provider()).stake, STAKE - (isFalse ? RECEIPT_PENALTY : 0), "receipt penalty");
        for (uint256 i; i < sample.length; ++i) {
            Act act = actOf(draws, i);
            bool fails = winner == Act.Idle ? act <= Act.CommitOnly : act != winner;
            uint96 stake = board.offerOf(sample[i]).stake;
            assertEq(stake, STAKE - (fails ? DUTY_PENALTY : 0), "duty penalty");
            assertTrue((payouts.creditOf(sample[i]) != 0) == (winner != Act.Idle && act == winner), "reward");
            vm.prank(sample[i]);
            board.unstake(stake);
        }
    }
}
