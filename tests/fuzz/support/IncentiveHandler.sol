// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IExchangePremiums} from "../../../contracts/exchange/IExchangePremiums.sol";
import {IHashedTimelock} from "../../../contracts/exchange/IHashedTimelock.sol";
import {LinkedLocks} from "./LinkedLocks.sol";

/// @title IncentiveHandler
/// @notice Walks exchanges with premiums, bounties and exits at random. Its books follow the calls that went through; what the
/// contracts may let through is said beforehand from the books alone.
contract IncentiveHandler is LinkedLocks {
    struct Exchange {
        IHashedTimelock.Terms first;
        IHashedTimelock.Terms linked;
        IExchangePremiums.Terms premiums;
        bytes32 preimage;
        IHashedTimelock.State firstState;
        IHashedTimelock.State linkedState;
        IExchangePremiums.State premiumState;
        uint256 staked;
        uint256 lockEndings;
        uint256 premiumEndings;
    }

    struct Completion {
        bool isLinked;
        bool byBounty;
        IHashedTimelock.State ending;
        address patron;
        uint256 bounty;
    }

    uint256 public constant ACTORS = 3;
    uint256 public constant FUNDS = 10_000 ether;

    Exchange[] private exchanges;
    /// @notice Bounties that wait, as the books have them.
    uint256 public openBounties;
    /// @notice How often each action went through.
    mapping(bytes4 action => uint256 count) public successes;
    uint256 private clock;

    modifier atPresent(uint256 seconds_) {
        clock += seconds_ % 40 minutes;
        vm.warp(clock);
        _;
    }

    constructor() {
        clock = block.timestamp;
        for (uint256 i; i < ACTORS; ++i) {
            admit(actorOf(i));
            vm.deal(actorOf(i), FUNDS);
        }
    }

    /* ACTIONS */

    function deposit(uint256 seed, uint256 wait) public atPresent(wait) {
        Exchange storage entry = exchanges.push();
        entry.preimage = keccak256(abi.encode("preimage", exchanges.length));
        address leader = actorOf(seed);
        address follower = actorOf(seed % ACTORS + 1 + (seed >> 8) % (ACTORS - 1));
        (IHashedTimelock.Terms memory first, IHashedTimelock.Terms memory linked) =
            exchangeOf(leader, follower, entry.preimage, 1 hours + (seed >> 16) % 6 hours);
        (entry.first, entry.linked) = (first, linked);
        entry.premiums = premiumsOf(first, linked, 1 + (seed >> 32) % 1 ether, 1 + (seed >> 96) % 1 ether);
        vm.prank(follower);
        premiums.deposit{value: entry.premiums.followerPremium}(entry.premiums, first, linked);
        entry.premiumState = IExchangePremiums.State.Deposited;
        entry.staked = entry.premiums.followerPremium;
        ++successes[msg.sig];
    }

    function lockFirst(uint256 index, uint256 wait) public atPresent(wait) {
        if (exchanges.length == 0) return;
        Exchange storage entry = pick(index);
        bool allowed =
            entry.firstState == IHashedTimelock.State.None && clock < entry.first.timelock;
        vm.prank(entry.first.sender);
        try timelock.lock{value: 1 ether}(entry.first) {
            require(allowed, "lock: against the books");
            entry.firstState = IHashedTimelock.State.Open;
            ++successes[msg.sig];
        } catch {
            require(!allowed, "lock: refused against the books");
        }
    }

    function join(uint256 index, uint256 wait) public atPresent(wait) {
        if (exchanges.length == 0) return;
        Exchange storage entry = pick(index);
        bool allowed = entry.premiumState == IExchangePremiums.State.Deposited
            && entry.firstState == IHashedTimelock.State.Open && clock < entry.premiums.joinUntil;
        vm.prank(entry.premiums.leader);
        try premiums.join{value: entry.premiums.leaderPremium}(entry.premiums) {
            require(allowed, "join: against the books");
            entry.premiumState = IExchangePremiums.State.Joined;
            entry.staked += entry.premiums.leaderPremium;
            ++successes[msg.sig];
        } catch {
            require(!allowed, "join: refused against the books");
        }
    }

    function lockLinked(uint256 index, uint256 wait) public atPresent(wait) {
        if (exchanges.length == 0) return;
        Exchange storage entry = pick(index);
        bool allowed = entry.firstState == IHashedTimelock.State.Open
            && entry.linkedState == IHashedTimelock.State.None && clock < entry.linked.timelock;
        vm.prank(entry.linked.sender);
        try timelock.lockLinked{value: 2 ether}(entry.linked, entry.first) {
            require(allowed, "lockLinked: against the books");
            entry.linkedState = IHashedTimelock.State.Open;
            ++successes[msg.sig];
        } catch {
            require(!allowed, "lockLinked: refused against the books");
        }
    }

    /// @dev Either lock, claimed or refunded, by way of the bounties or not.
    function complete(uint256 index, uint256 draw, uint256 wait) public atPresent(wait) {
        if (exchanges.length == 0) return;
        Exchange storage entry = pick(index);
        Completion memory plan = Completion({
            isLinked: draw % 2 == 0,
            byBounty: draw >> 2 & 1 == 0,
            ending: IHashedTimelock.State(2 + (draw >> 1) % 2),
            patron: actorOf(draw >> 8),
            bounty: 0
        });
        bool allowed = canComplete(entry, plan);
        if (plan.byBounty) {
            plan.bounty = bounties.bountyOf(lockIdOf(entry, plan.isLinked), plan.patron, plan.ending);
            allowed = allowed && plan.bounty != 0;
        }
        bool success = tryToComplete(entry, plan, actorOf(draw >> 16));
        require(success == allowed, "complete: against the books");
        if (!success) return;
        openBounties -= plan.bounty;
        close(entry, plan.isLinked, plan.ending);
        ++successes[msg.sig];
    }

    function exit(uint256 index, uint256 draw, uint256 wait) public atPresent(wait) {
        if (exchanges.length == 0) return;
        Exchange storage entry = pick(index);
        bool isLinked = draw % 2 == 0;
        // Seldom, so that most exchanges go on; and sometimes with a wrong consent.
        if ((draw >> 1) % 4 != 0) return;
        bool consents = (draw >> 8) % 4 != 0;
        bool allowed = consents && stateOf(entry, isLinked) == IHashedTimelock.State.Open;
        require(tryToExit(entry, isLinked, consents) == allowed, "exit: against the books");
        if (!allowed) return;
        close(entry, isLinked, IHashedTimelock.State.Refunded);
        ++successes[msg.sig];
    }

    function withdraw(uint256 index, uint256 draw, uint256 wait) public atPresent(wait) {
        if (exchanges.length == 0) return;
        Exchange storage entry = pick(index);
        bool allowed =
            entry.premiumState == IExchangePremiums.State.Deposited && clock >= entry.premiums.joinUntil;
        vm.prank(actorOf(draw));
        try premiums.withdraw(entry.premiums) {
            require(allowed, "withdraw: against the books");
            (entry.premiumState, entry.staked) = (IExchangePremiums.State.Closed, 0);
            ++entry.premiumEndings;
            ++successes[msg.sig];
        } catch {
            require(!allowed, "withdraw: refused against the books");
        }
    }

    function settle(uint256 index, uint256 draw, uint256 wait) public atPresent(wait) {
        if (exchanges.length == 0) return;
        Exchange storage entry = pick(index);
        IExchangePremiums.State before = entry.premiumState;
        bool answers = entry.linkedState == IHashedTimelock.State.Open;
        bool allowed = before == IExchangePremiums.State.Answered && !answers;
        if (before == IExchangePremiums.State.Joined) {
            allowed = entry.linkedState != IHashedTimelock.State.None
                || entry.firstState != IHashedTimelock.State.Open || clock >= entry.premiums.answerUntil;
        }
        vm.prank(actorOf(draw));
        try premiums.settle(entry.premiums) {
            require(allowed, "settle: against the books");
            entry.premiumState = answers ? IExchangePremiums.State.Answered : IExchangePremiums.State.Closed;
            entry.staked = answers ? entry.premiums.leaderPremium : 0;
            if (!answers) ++entry.premiumEndings;
            ++successes[msg.sig];
        } catch {
            require(!allowed, "settle: refused against the books");
        }
    }

    function depositBounty(uint256 index, uint256 draw, uint256 wait) public atPresent(wait) {
        if (exchanges.length == 0) return;
        Exchange storage entry = pick(index);
        bool isLinked = draw % 2 == 0;
        bytes32 lockId = lockIdOf(entry, isLinked);
        uint256 amount = 1 + (draw >> 16) % 1 ether;
        bool allowed = stateOf(entry, isLinked) == IHashedTimelock.State.Open;
        vm.prank(actorOf(draw >> 8));
        try bounties.deposit{value: amount}(lockId, IHashedTimelock.State(2 + (draw >> 1) % 2)) {
            require(allowed, "bounty: against the books");
            openBounties += amount;
            ++successes[msg.sig];
        } catch {
            require(!allowed, "bounty: refused against the books");
        }
    }

    function takeBack(uint256 index, uint256 draw, uint256 wait) public atPresent(wait) {
        if (exchanges.length == 0) return;
        Exchange storage entry = pick(index);
        bytes32 lockId = lockIdOf(entry, draw % 2 == 0);
        (address patron, IHashedTimelock.State ending, uint256 amount) = waitingBounty(lockId, draw >> 8);
        bool allowed = amount != 0 && stateOf(entry, draw % 2 == 0) != IHashedTimelock.State.Open;
        vm.prank(actorOf(draw >> 16));
        try bounties.takeBack(lockId, patron, ending) {
            require(allowed, "takeBack: against the books");
            openBounties -= amount;
            ++successes[msg.sig];
        } catch {
            require(!allowed, "takeBack: refused against the books");
        }
    }

    /* BOOKS */

    /// @notice What the three contracts hold by the books.
    function owed() external view returns (uint256 locked, uint256 staked, uint256 offered) {
        for (uint256 i; i < exchanges.length; ++i) {
            if (exchanges[i].firstState == IHashedTimelock.State.Open) locked += 1 ether;
            if (exchanges[i].linkedState == IHashedTimelock.State.Open) locked += 2 ether;
            staked += exchanges[i].staked;
        }
        return (locked, staked, openBounties);
    }

    /// @notice What the three contracts hold.
    function held() external view returns (uint256 locked, uint256 staked, uint256 offered) {
        return (address(timelock).balance, address(premiums).balance, address(bounties).balance);
    }

    /// @notice All coins there are; nobody here refuses them, so none wait in Payouts.
    function coins() external view returns (uint256 sum) {
        for (uint256 i; i < ACTORS; ++i) {
            sum += actorOf(i).balance;
        }
        return sum + address(timelock).balance + address(premiums).balance + address(bounties).balance;
    }

    /// @notice Whether every state is that of the books, and nothing ended twice.
    function isConsistent() external view returns (bool) {
        for (uint256 i; i < exchanges.length; ++i) {
            Exchange storage entry = exchanges[i];
            if (entry.lockEndings > 2 || entry.premiumEndings > 1) return false;
            if (timelock.stateOf(timelock.idOf(entry.first)) != entry.firstState) return false;
            if (timelock.stateOf(timelock.idOf(entry.linked)) != entry.linkedState) return false;
            if (premiums.stateOf(premiums.idOf(entry.premiums)) != entry.premiumState) return false;
        }
        return true;
    }

    /* HELP */

    function tryToExit(Exchange storage entry, bool isLinked, bool consents) private returns (bool success) {
        IHashedTimelock.Terms memory terms = isLinked ? entry.linked : entry.first;
        bytes32 digest = timelock.hashExit(consents ? timelock.idOf(terms) : bytes32(0));
        bytes memory call = abi.encodeCall(
            timelock.exit, (terms, signed(terms.sender, digest), signed(terms.receiver, digest))
        );
        vm.prank(address(0x5));
        (success,) = address(timelock).call(call);
    }

    /// @dev The first one from a place in the list of all, or none.
    function waitingBounty(bytes32 lockId, uint256 start)
        private
        view
        returns (address patron, IHashedTimelock.State ending, uint256 amount)
    {
        for (uint256 i; i < 2 * ACTORS && amount == 0; ++i) {
            uint256 place = start % (2 * ACTORS) + i;
            (patron, ending) = (actorOf(place / 2), IHashedTimelock.State(2 + place % 2));
            amount = bounties.bountyOf(lockId, patron, ending);
        }
    }

    function canComplete(Exchange storage entry, Completion memory plan) private view returns (bool) {
        uint40 limit = plan.isLinked ? entry.linked.timelock : entry.first.timelock;
        bool inTime = plan.ending == IHashedTimelock.State.Claimed ? clock < limit : clock >= limit;
        return inTime && stateOf(entry, plan.isLinked) == IHashedTimelock.State.Open;
    }

    function tryToComplete(Exchange storage entry, Completion memory plan, address caller)
        private
        returns (bool success)
    {
        bytes memory call = completion(entry, plan);
        vm.prank(caller);
        (success,) = (plan.byBounty ? address(bounties) : address(timelock)).call(call);
    }

    function completion(Exchange storage entry, Completion memory plan) private view returns (bytes memory) {
        IHashedTimelock.Terms memory terms = plan.isLinked ? entry.linked : entry.first;
        bool claims = plan.ending == IHashedTimelock.State.Claimed;
        if (!plan.byBounty && claims) return abi.encodeCall(timelock.claim, (terms, entry.preimage));
        if (!plan.byBounty) return abi.encodeCall(timelock.refund, (terms));
        address[] memory patrons = new address[](1);
        patrons[0] = plan.patron;
        if (claims) return abi.encodeCall(bounties.claim, (terms, entry.preimage, patrons));
        return abi.encodeCall(bounties.refund, (terms, patrons));
    }

    function lockIdOf(Exchange storage entry, bool isLinked) private view returns (bytes32) {
        return timelock.idOf(isLinked ? entry.linked : entry.first);
    }

    function close(Exchange storage entry, bool isLinked, IHashedTimelock.State ending) private {
        require(stateOf(entry, isLinked) == IHashedTimelock.State.Open, "a lock ended twice");
        if (isLinked) entry.linkedState = ending;
        else entry.firstState = ending;
        ++entry.lockEndings;
    }

    function stateOf(Exchange storage entry, bool isLinked) private view returns (IHashedTimelock.State) {
        return isLinked ? entry.linkedState : entry.firstState;
    }

    function pick(uint256 index) private view returns (Exchange storage) {
        // Recent ones more often, as old ones are all over.
        uint256 recent = exchanges.length < 4 ? exchanges.length : 4;
        return exchanges[exchanges.length - 1 - index % (index % 3 == 0 ? exchanges.length : recent)];
    }

    function actorOf(uint256 draw) private pure returns (address) {
        return vm.addr(1 + draw % ACTORS);
    }

    function signed(address account, bytes32 digest) private pure returns (bytes memory) {
        uint256 key = 1;
        while (vm.addr(key) != account) ++key;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
