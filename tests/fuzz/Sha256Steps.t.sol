// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Sha256Steps} from "../../contracts/tasks/Sha256Steps.sol";
import {ForgeTest} from "./support/ForgeTest.sol";

/// @notice SHA-256 step by step against the precompile.
contract Sha256StepsTest is ForgeTest {
    function testFuzz_stepsFromTheBeginningGiveTheHash(bytes memory message) public pure {
        bytes memory ending = Sha256Steps.padded(message, uint64(message.length));
        assertEq(Sha256Steps.absorb(Sha256Steps.INITIAL_STATE, ending), sha256(message), "whole");
    }

    function testFuzz_stepsGoOnFromAnyBlock(bytes memory message, uint256 draw) public pure {
        uint256 cut = (draw % (message.length / 64 + 1)) * 64;
        (bytes memory head, bytes memory tail) = (new bytes(cut), new bytes(message.length - cut));
        for (uint256 i; i < message.length; ++i) {
            if (i < cut) head[i] = message[i];
            else tail[i - cut] = message[i];
        }
        bytes32 state = Sha256Steps.absorb(Sha256Steps.INITIAL_STATE, head);
        bytes memory ending = Sha256Steps.padded(tail, uint64(message.length));
        assertEq(Sha256Steps.absorb(state, ending), sha256(message), "in two parts");
    }

    function testFuzz_onlyWholeBlocksAreAbsorbed(uint8 length) public {
        if (length % 64 != 0) {
            vm.expectRevert(abi.encodeWithSelector(Sha256Steps.Sha256Steps_PartialBlock.selector, uint256(length)));
        }
        this.absorb(new bytes(length));
    }

    function absorb(bytes memory blocks) external pure returns (bytes32) {
        return Sha256Steps.absorb(Sha256Steps.INITIAL_STATE, blocks);
    }

    function test_aChunkStaysBelowItsGas() public view {
        bytes memory chunk = new bytes(512);
        uint256 before = gasleft();
        Sha256Steps.absorb(Sha256Steps.INITIAL_STATE, chunk);
        assertLe(before - gasleft(), 330_000, "gas of 512 bytes");
    }
}
