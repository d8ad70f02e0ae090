// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IArbitrable} from "../../../contracts/content/IArbitrable.sol";
import {IChallenges} from "../../../contracts/content/IChallenges.sol";
import {IProofOfAIGC} from "../../../contracts/content/IProofOfAIGC.sol";
import {ContentHandler} from "./ContentHandler.sol";

/// @title ChallengeHandler
/// @notice Plays the challenges of {ContentHandler}'s works at random, with its own books of states, times and money.
contract ChallengeHandler is ContentHandler {
    struct Case {
        uint256 original;
        uint256 duplicate;
        IChallenges.Terms terms;
        IChallenges.State state;
        uint256 stake;
        bool isContested;
        bool isUpheld;
        uint256 deadline;
        IArbitrable.Ruling ruling;
        uint256 endings;
    }

    uint256 private constant MAXIMUM_OPEN = 4;

    mapping(IChallenges.State state => uint256 count) public endings;
    /// @notice How often an upheld challenge waited for that of an earlier original.
    uint256 public waits;
    /// @notice Most challenges that stood against one work at a time.
    uint256 public mostOpen;

    mapping(uint256 duplicate => mapping(address challenger => uint256 count)) private attempts;
    mapping(uint256 duplicate => mapping(address challenger => uint256 count)) private rejections;
    mapping(uint256 duplicate => mapping(address challenger => uint256 caseNumber)) private standing;
    Case[] private cases;

    /* ACTIONS */

    function challenge(uint256 originalDraw, uint256 duplicateDraw, uint256 callerDraw)
        external
        atPresent(originalDraw >> 8)
    {
        (uint256 first, uint256 second) = (pick(originalDraw), pick(duplicateDraw));
        (Work storage original, Work storage duplicate) = (works[first], works[second]);
        address caller = mostly(original.owner, callerDraw);
        bool allowed = first != second && original.registrations != 0 && duplicate.registrations != 0
            && !duplicate.isRemoved && duplicate.openChallenges < MAXIMUM_OPEN
            && (caller == original.owner || caller == original.record.receipt.producer) && !isStanding(second, caller);
        uint256 stake = stakeOf(second, caller);
        bytes memory data = abi.encodeCall(challenges.open, (tokenOf(first), tokenOf(second)));
        if (!call(caller, address(challenges), stake, data, allowed)) return;
        if (++duplicate.openChallenges > mostOpen) mostOpen = duplicate.openChallenges;
        Case storage one = cases.push();
        (one.original, one.duplicate, one.stake) = (first, second, stake);
        one.terms = IChallenges.Terms(tokenOf(first), tokenOf(second), caller, duplicate.owner, ++attempts[second][caller]);
        (one.state, one.deadline) = (IChallenges.State.Open, height + PERIOD);
        standing[second][caller] = cases.length;
    }

    function concede(uint256 caseDraw, uint256 callerDraw) external atPresent(caseDraw >> 8) {
        if (cases.length == 0) return;
        Case storage one = choose(caseDraw);
        address caller = mostly(one.terms.accused, callerDraw);
        Work storage duplicate = works[one.duplicate];
        bool allowed = isAnswerable(one) && caller == one.terms.accused && duplicate.owner == caller;
        bytes memory data = abi.encodeCall(challenges.concede, (one.terms));
        if (!call(caller, address(challenges), 0, data, allowed)) return;
        (duplicate.isRemoved, duplicate.openChallenges) = (true, 0);
        end(one, IChallenges.State.Conceded);
    }

    function contest(uint256 caseDraw, uint256 callerDraw) external atPresent(caseDraw >> 8) {
        if (cases.length == 0) return;
        Case storage one = choose(caseDraw);
        address caller = mostly(one.terms.accused, callerDraw);
        bool allowed = isAnswerable(one) && caller == one.terms.accused;
        bytes memory data = abi.encodeCall(challenges.contest, (one.terms, keccak256("mine"), "ipfs://statement"));
        if (!call(caller, address(challenges), one.stake, data, allowed)) return;
        (one.state, one.isContested) = (IChallenges.State.Contested, true);
    }

    function decide(uint256 caseDraw, uint256 callerDraw) external atPresent(caseDraw >> 8) {
        if (cases.length == 0) return;
        Case storage one = choose(caseDraw);
        (Work storage original, Work storage duplicate) = (works[one.original], works[one.duplicate]);
        bool isDue = one.state == IChallenges.State.Contested
            || (one.state == IChallenges.State.Open && height >= one.deadline);
        bytes memory data = abi.encodeCall(challenges.decide, (one.terms, original.record, duplicate.record));
        if (!call(actor(callerDraw), address(challenges), 0, data, isDue && !duplicate.isRemoved)) return;
        (one.state, one.deadline) = (IChallenges.State.Decided, height + PERIOD);
        one.isUpheld = distanceOf(one.original, one.duplicate) <= MAXIMUM_DISTANCE && !original.isRemoved
            && original.record.committedBlock < duplicate.record.committedBlock;
    }

    function appeal(uint256 caseDraw, uint256 callerDraw) external atPresent(caseDraw >> 8) {
        if (cases.length == 0) return;
        Case storage one = choose(caseDraw);
        address caller = actor(callerDraw);
        bool allowed = one.state == IChallenges.State.Decided && height < one.deadline && !works[one.duplicate].isRemoved
            && (caller == one.terms.challenger || caller == one.terms.accused);
        if (!call(caller, address(challenges), arbitrator.PRICE(), abi.encodeCall(challenges.appeal, (one.terms)), allowed)) return;
        (one.state, one.deadline) = (IChallenges.State.Appealed, height + PERIOD);
    }

    function rule(uint256 caseDraw, uint256 rulingDraw) external atPresent(caseDraw >> 8) {
        if (cases.length == 0) return;
        Case storage one = choose(caseDraw);
        IArbitrable.Ruling ruling = IArbitrable.Ruling(rulingDraw % 3);
        // A ruling may still come for what another challenge has closed; it changes nothing any more.
        bool wasAppealed = one.state == IChallenges.State.Appealed;
        if (!wasAppealed && one.endings != 0) return;
        bool allowed = wasAppealed && one.ruling == IArbitrable.Ruling.None && height < one.deadline
            && ruling != IArbitrable.Ruling.None;
        bytes memory data = abi.encodeCall(challenges.rule, (challenges.idOf(one.terms), ruling));
        if (call(address(arbitrator), address(challenges), 0, data, allowed)) one.ruling = ruling;
    }

    function finalise(uint256 caseDraw, uint256 callerDraw) external atPresent(caseDraw >> 8) {
        if (cases.length == 0) return;
        Case storage one = choose(caseDraw);
        Work storage duplicate = works[one.duplicate];
        bool wasRemoved = duplicate.isRemoved;
        bool upheld = one.ruling == IArbitrable.Ruling.None ? one.isUpheld : one.ruling == IArbitrable.Ruling.Upheld;
        bool isFinal = (one.state == IChallenges.State.Decided && height >= one.deadline)
            || (one.state == IChallenges.State.Appealed
                && (one.ruling != IArbitrable.Ruling.None || height >= one.deadline));
        if (isFinal && !wasRemoved && upheld && hasEarlierUpheld(one)) (isFinal, waits) = (false, waits + 1);
        bool allowed = one.endings == 0 && (wasRemoved || isFinal);
        bytes memory data = abi.encodeCall(challenges.finalise, (one.terms));
        if (!call(actor(callerDraw), address(challenges), 0, data, allowed)) return;
        if (upheld) {
            (duplicate.isRemoved, duplicate.openChallenges) = (true, 0);
        } else if (!wasRemoved) {
            --duplicate.openChallenges;
            ++rejections[one.duplicate][one.terms.challenger];
        }
        IChallenges.State ending = wasRemoved ? IChallenges.State.Closed : IChallenges.State.Rejected;
        end(one, upheld ? IChallenges.State.Upheld : ending);
    }

    /* WHAT THE INVARIANTS ASK */

    function openStakes() external view returns (uint256 sum) {
        for (uint256 i; i < cases.length; ++i) {
            if (cases[i].endings == 0) sum += cases[i].isContested ? 2 * cases[i].stake : cases[i].stake;
        }
    }

    /// @notice Whether a challenge's state or the number of open ones differs from the books, or one ended twice.
    function hasStrayChallenge() external view returns (bool) {
        for (uint256 i; i < cases.length; ++i) {
            Case storage one = cases[i];
            bool isLatest = standing[one.duplicate][one.terms.challenger] == i + 1;
            if (challenges.stateOf(one.terms) != (isLatest ? one.state : IChallenges.State.None)) return true;
            if (one.endings > 1 || (!isLatest && one.endings != 1)) return true;
        }
        for (uint256 i; i < WORKS; ++i) {
            if (challenges.openAgainst(tokenOf(i)) != works[i].openChallenges) return true;
        }
        return false;
    }

    /* BOOKS */

    function end(Case storage one, IChallenges.State ending) private {
        one.state = ending;
        ++one.endings;
        ++endings[ending];
    }

    /// @dev The newest are the ones that are likely to stand.
    function choose(uint256 draw) private view returns (Case storage) {
        uint256 back = draw % 4 == 0 ? draw >> 2 : (draw >> 2) % 6;
        return cases[cases.length - 1 - back % cases.length];
    }

    function stakeOf(uint256 duplicate, address challenger) private view returns (uint256 stake) {
        stake = DEPOSIT;
        for (uint256 i; i < rejections[duplicate][challenger] && stake < 5 * uint256(DEPOSIT); ++i) {
            stake *= 2;
        }
        if (stake > 5 * uint256(DEPOSIT)) stake = 5 * uint256(DEPOSIT);
    }

    function isStanding(uint256 duplicate, address challenger) private view returns (bool) {
        uint256 number = standing[duplicate][challenger];
        return number != 0 && cases[number - 1].endings == 0;
    }

    function isAnswerable(Case storage one) private view returns (bool) {
        return one.state == IChallenges.State.Open && height < one.deadline && !works[one.duplicate].isRemoved;
    }

    function hasEarlierUpheld(Case storage one) private view returns (bool) {
        uint256 priority = works[one.original].record.committedBlock;
        for (uint256 i; i < cases.length; ++i) {
            Case storage other = cases[i];
            bool isPending = other.duplicate == one.duplicate && other.endings == 0 && other.isUpheld;
            if (isPending && works[other.original].record.committedBlock < priority) return true;
        }
        return false;
    }
}
