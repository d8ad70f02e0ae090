// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChallengeDocketLibrary} from "../../contracts/content/ChallengeDocketLibrary.sol";
import {ChallengeLanesLibrary} from "../../contracts/content/ChallengeLanesLibrary.sol";
import {IChallenges} from "../../contracts/content/IChallenges.sol";
import {ForgeTest} from "./support/ForgeTest.sol";

/// @notice The two packed words of challenges against plain structures.
contract ChallengeLibrariesTest is ForgeTest {
    struct Lane {
        bool isOccupied;
        bool isUpheld;
        uint40 priority;
    }

    Lane[4] private lanes;

    function testFuzz_aDocketSurvivesItsWord(
        uint8 state,
        bool contested,
        bool upheld,
        uint8[2] memory small,
        uint16 attempts,
        uint40 deadline,
        bytes20 digest
    ) public pure {
        IChallenges.State named = IChallenges.State(state % 9);
        IChallenges.Docket memory docket =
            IChallenges.Docket(named, contested, upheld, small[0], small[1], attempts, deadline, digest);
        IChallenges.Docket memory back = ChallengeDocketLibrary.unpack(ChallengeDocketLibrary.pack(docket));
        assertEq(keccak256(abi.encode(back)), keccak256(abi.encode(docket)), "every field");
    }

    function test_anEmptyWordIsNoChallenge() public pure {
        IChallenges.Docket memory docket = ChallengeDocketLibrary.unpack(0);
        assertTrue(docket.state == IChallenges.State.None && docket.digest == 0, "nothing stored");
    }

    /// @dev Each byte of the draw is an action on a lane; after each of them the word tells what the plain lanes do.
    function testFuzz_lanesFollowTheirPlainTwin(bytes calldata draw) public {
        delete lanes;
        lanes[0].isOccupied = true;
        uint256 word;
        for (uint256 i; i < draw.length && i < 64; ++i) {
            word = act(word, uint8(draw[i]) % 3, uint8(draw[i]) / 3 % 4, uint40(i + 1));
            if (occupied() == 0) {
                // The token is free now, and its next challenge begins with an empty word.
                delete lanes;
                lanes[0].isOccupied = true;
                word = 0;
            }
            check(word);
        }
    }

    function act(uint256 word, uint8 action, uint8 lane, uint40 priority) private returns (uint256) {
        if (action == 0) {
            uint8 free;
            while (free < 4 && lanes[free].isOccupied) ++free;
            (uint256 taken, uint8 found) = ChallengeLanesLibrary.take(word);
            assertEq(found, free, "the lowest free lane");
            if (free == 4) assertEq(taken, word, "a full word stays");
            else lanes[free].isOccupied = true;
            return taken;
        }
        Lane storage one = lanes[lane];
        if (!one.isOccupied) return word;
        if (action == 1 && one.priority == 0) {
            (one.priority, one.isUpheld) = (priority, priority % 2 == 0);
            return ChallengeLanesLibrary.decide(word, lane, priority, one.isUpheld);
        }
        if (action == 2) {
            delete lanes[lane];
            (uint256 released, bool othersOpen) = ChallengeLanesLibrary.release(word, lane);
            assertTrue(othersOpen == (occupied() != 0), "whether others are open");
            return released;
        }
        return word;
    }

    function check(uint256 word) private view {
        uint40 earliest = type(uint40).max;
        for (uint8 lane; lane < 4; ++lane) {
            assertEq(ChallengeLanesLibrary.priorityOf(word, lane), lanes[lane].priority, "priority");
            if (lanes[lane].isUpheld && lanes[lane].priority < earliest) earliest = lanes[lane].priority;
        }
        assertEq(ChallengeLanesLibrary.earliestUpheld(word), earliest, "earliest upheld");
        assertEq(ChallengeLanesLibrary.count(word), occupied(), "number of open ones");
    }

    function occupied() private view returns (uint256 sum) {
        for (uint256 lane; lane < 4; ++lane) {
            if (lanes[lane].isOccupied) ++sum;
        }
    }
}
