// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IAtomicSale} from "../../../contracts/exchange/IAtomicSale.sol";
import {IHashedTimelock} from "../../../contracts/exchange/IHashedTimelock.sol";
import {PlainNonFungible, PlainToken, RefusingAccount} from "../mocks/ForeignTokens.sol";
import {MarketDeployment} from "./MarketDeployment.sol";

/// @title ExchangeHandler
/// @notice Walks the exchange at random and says beforehand, from its own books alone, what may succeed. An answer of the
/// contracts that differs fails the run at once.
contract ExchangeHandler is MarketDeployment {
    struct Lock {
        IHashedTimelock.Terms terms;
        bytes32 preimage;
        bool isOpen;
        uint256 endings;
    }

    struct Sale {
        IAtomicSale.Terms terms;
        bytes32 preimage;
        bool isOpen;
        uint256 endings;
    }

    uint256 public constant ACTORS = 4;
    uint256 public constant CONTENTS = 3;
    uint256 public constant FUNDS = 1_000 ether;

    PlainToken public immutable token = new PlainToken();
    PlainNonFungible public immutable nonFungible = new PlainNonFungible();
    address[] public actors;
    uint256[] public contents;
    mapping(uint256 tokenId => address owner) public bookedOwner;
    mapping(uint256 tokenId => bool removed) public isRemoved;
    mapping(uint256 tokenId => bool frozen) public isFrozen;
    mapping(uint256 tokenId => address owner) public bookedHolder;
    mapping(bytes32 lockId => bool exists) private isBooked;
    /// @notice How often each action went through.
    mapping(bytes4 action => uint256 count) public successes;

    Lock[] private locks;
    Sale[] private sales;
    uint256 private clock;
    uint256 private counter;

    /// @dev Time that passes is the handler's own, whatever the runner does between calls.
    modifier atPresent(uint256 seconds_) {
        clock += seconds_ % 20 minutes;
        vm.warp(clock);
        _;
    }

    constructor() {
        clock = block.timestamp;
        for (uint256 i; i < ACTORS; ++i) {
            // The last one takes no coin, so that its money has to go to Payouts.
            actors.push(i + 1 == ACTORS ? address(new RefusingAccount()) : vm.addr(i + 1));
            admit(actors[i]);
            vm.deal(actors[i], FUNDS);
            token.mint(actors[i], FUNDS);
            nonFungible.mint(actors[i], i);
            bookedHolder[i] = actors[i];
            vm.prank(actors[i]);
            token.approve(address(timelock), type(uint256).max);
            vm.prank(actors[i]);
            nonFungible.setApprovalForAll(address(timelock), true);
        }
        for (uint256 i; i < CONTENTS; ++i) {
            contents.push(registerContent(actors[i], keccak256(abi.encode(i)), 500));
            bookedOwner[contents[i]] = actors[i];
        }
    }

    /* ACTIONS */

    function lock(uint256 seed, uint256 kindDraw, uint256 wait) public atPresent(wait) {
        IHashedTimelock.AssetKind kind = IHashedTimelock.AssetKind(kindDraw % 4);
        Lock storage entry = locks.push();
        IHashedTimelock.Terms storage terms = entry.terms;
        (terms.sender, terms.receiver) = (actorOf(seed), actorOf(seed >> 8));
        (terms.asset, terms.expected) = (assetOf(kind, seed >> 16), expectedOf(seed >> 48));
        entry.preimage = fresh();
        terms.hashlock = hashlockOf(entry.preimage);
        terms.timelock = uint40(clock + 1 + (seed >> 64) % 6 hours);

        bool success = tryLock(terms, abi.encodeCall(timelock.lock, (terms)));
        require(success == canHold(terms), "lock: against the books");
        if (success) enter(entry);
        else locks.pop();
    }

    function lockLinked(uint256 index, uint256 seed, uint256 wait) public atPresent(wait) {
        if (locks.length == 0) return;
        uint256 firstIndex = pick(index, locks.length);
        IHashedTimelock.Terms memory first = locks[firstIndex].terms;
        bool firstIsOpen = locks[firstIndex].isOpen;
        Lock storage entry = locks.push();
        IHashedTimelock.Terms storage terms = entry.terms;
        (terms.sender, terms.receiver) = (first.receiver, first.sender);
        terms.asset = assetOf(IHashedTimelock.AssetKind.Native, seed);
        terms.hashlock = first.hashlock;
        entry.preimage = locks[firstIndex].preimage;
        terms.timelock = uint40(clock + 1 + (seed >> 64) % 6 hours);
        terms.firstLock = timelock.idOf(first);
        if (first.asset.kind == IHashedTimelock.AssetKind.Content) terms.guardedContent = first.asset.amountOrId;

        bool fits = firstIsOpen && !isBooked[timelock.idOf(terms)]
            && first.expected == timelock.assetHash(terms.asset)
            && first.timelock >= uint256(terms.timelock) + SAFETY_MARGIN;
        bool success = tryLock(terms, abi.encodeCall(timelock.lockLinked, (terms, first)));
        require(success == (fits && canHold(terms)), "lockLinked: against the books");
        if (success) enter(entry);
        else locks.pop();
    }

    function claim(uint256 index, uint256 callerDraw, bool knowsPreimage, uint256 wait) public atPresent(wait) {
        if (locks.length == 0) return;
        Lock storage entry = locks[pick(index, locks.length)];
        address caller = actorOf(callerDraw);
        bool allowed = entry.isOpen && knowsPreimage && clock < entry.terms.timelock && !lostContent(entry.terms)
            && canPay(entry.terms, entry.terms.receiver, caller);
        vm.prank(caller);
        try timelock.claim(entry.terms, knowsPreimage ? entry.preimage : bytes32(0)) {
            require(allowed, "claim: against the books");
            leave(entry, entry.terms.receiver);
        } catch {
            require(!allowed, "claim: refused against the books");
        }
    }

    function refund(uint256 index, uint256 callerDraw, uint256 wait) public atPresent(wait) {
        if (locks.length == 0) return;
        Lock storage entry = locks[pick(index, locks.length)];
        address caller = actorOf(callerDraw);
        bool allowed = entry.isOpen && (clock >= entry.terms.timelock || lostContent(entry.terms))
            && canPay(entry.terms, entry.terms.sender, caller);
        vm.prank(caller);
        try timelock.refund(entry.terms) {
            require(allowed, "refund: against the books");
            leave(entry, entry.terms.sender);
        } catch {
            require(!allowed, "refund: refused against the books");
        }
    }

    function openSale(uint256 seed, uint256 wait) public atPresent(wait) {
        Sale storage entry = sales.push();
        uint256 tokenId = contents[seed % CONTENTS];
        entry.preimage = fresh();
        entry.terms = IAtomicSale.Terms({
            buyer: actorOf(seed >> 8),
            seller: bookedOwner[tokenId],
            tokenId: tokenId,
            price: 1 + (seed >> 16) % 10 ether,
            hashlock: hashlockOf(entry.preimage),
            timelock: uint40(clock + 1 + (seed >> 64) % 6 hours)
        });
        bool allowed = entry.terms.buyer != entry.terms.seller && entry.terms.buyer.balance >= entry.terms.price;
        vm.prank(entry.terms.buyer);
        try sale.open{value: entry.terms.price}(entry.terms) {
            require(allowed, "open: against the books");
            entry.isOpen = true;
            ++successes[msg.sig];
        } catch {
            require(!allowed, "open: refused against the books");
            sales.pop();
        }
    }

    function settleSale(uint256 index, uint256 callerDraw, bool knowsPreimage, uint256 wait) public atPresent(wait) {
        if (sales.length == 0) return;
        Sale storage entry = sales[pick(index, sales.length)];
        IAtomicSale.Terms memory terms = entry.terms;
        address caller = callerDraw % 4 == 0 ? actorOf(callerDraw >> 8) : terms.seller;
        bool allowed = entry.isOpen && caller == terms.seller && knowsPreimage && clock < terms.timelock
            && isFree(terms.tokenId) && bookedOwner[terms.tokenId] == terms.seller && caller != refuser();
        vm.prank(caller);
        try sale.settle(terms, knowsPreimage ? entry.preimage : bytes32(0)) {
            require(allowed, "settle: against the books");
            (entry.isOpen, bookedOwner[terms.tokenId]) = (false, terms.buyer);
            ++entry.endings;
            ++successes[msg.sig];
        } catch {
            require(!allowed, "settle: refused against the books");
        }
    }

    function refundSale(uint256 index, uint256 callerDraw, uint256 wait) public atPresent(wait) {
        if (sales.length == 0) return;
        Sale storage entry = sales[pick(index, sales.length)];
        address caller = actorOf(callerDraw);
        bool allowed = entry.isOpen && (clock >= entry.terms.timelock || isRemoved[entry.terms.tokenId])
            && !(caller == entry.terms.buyer && caller == refuser());
        vm.prank(caller);
        try sale.refund(entry.terms) {
            require(allowed, "refund: against the books");
            entry.isOpen = false;
            ++entry.endings;
            ++successes[msg.sig];
        } catch {
            require(!allowed, "refund: refused against the books");
        }
    }

    function moveContent(uint256 index, uint256 receiverDraw) public atPresent(0) {
        uint256 tokenId = contents[index % CONTENTS];
        address to = actorOf(receiverDraw);
        vm.prank(bookedOwner[tokenId]);
        try IERC721(address(registry)).transferFrom(bookedOwner[tokenId], to, tokenId) {
            require(isFree(tokenId), "frozen content moved");
            bookedOwner[tokenId] = to;
            ++successes[msg.sig];
        } catch {
            require(!isFree(tokenId), "free content did not move");
        }
    }

    /// @dev Seldom: removal is final and there are few contents.
    function remove(uint256 draw) public atPresent(0) {
        uint256 tokenId = contents[draw % CONTENTS];
        if (isRemoved[tokenId] || (draw >> 8) % 30 != 0) return;
        removeContent(tokenId);
        isRemoved[tokenId] = true;
        ++successes[msg.sig];
    }

    /* BOOKS */

    function openAmount(IHashedTimelock.AssetKind kind) external view returns (uint256 sum) {
        for (uint256 i; i < locks.length; ++i) {
            if (locks[i].isOpen && locks[i].terms.asset.kind == kind) sum += locks[i].terms.asset.amountOrId;
        }
    }

    function openPrices() external view returns (uint256 sum) {
        for (uint256 i; i < sales.length; ++i) {
            if (sales[i].isOpen) sum += sales[i].terms.price;
        }
    }

    /// @notice All coins there are, wherever they went.
    function coins() external view returns (uint256 sum) {
        for (uint256 i; i < ACTORS; ++i) {
            sum += actors[i].balance;
        }
        return sum + address(timelock).balance + address(sale).balance + address(payouts).balance;
    }

    function balances() external view returns (uint256 lockedCoins, uint256 lockedTokens, uint256 escrowedPrices) {
        return (address(timelock).balance, token.balanceOf(address(timelock)), address(sale).balance);
    }

    function credits() external view returns (uint256 sum, uint256 balance) {
        for (uint256 i; i < ACTORS; ++i) {
            sum += payouts.creditOf(actors[i]);
        }
        return (sum, address(payouts).balance);
    }

    /// @notice Whether a lock or sale ended more often than once, ended open, or is not what the contracts say.
    function hasBadEnding() external view returns (bool) {
        for (uint256 i; i < locks.length; ++i) {
            IHashedTimelock.State state = timelock.stateOf(timelock.idOf(locks[i].terms));
            bool ended = state == IHashedTimelock.State.Claimed || state == IHashedTimelock.State.Refunded;
            if (locks[i].endings != (ended ? 1 : 0)) return true;
            if (locks[i].isOpen != (state == IHashedTimelock.State.Open)) return true;
        }
        for (uint256 i; i < sales.length; ++i) {
            IAtomicSale.State state = sale.stateOf(sale.idOf(sales[i].terms));
            bool ended = state == IAtomicSale.State.Settled || state == IAtomicSale.State.Refunded;
            if (sales[i].endings != (ended ? 1 : 0)) return true;
            if (sales[i].isOpen != (state == IAtomicSale.State.Open)) return true;
        }
        return false;
    }

    /// @notice Whether content stands elsewhere, or is frozen otherwise, than the books say.
    function hasStrayContent() external view returns (bool) {
        for (uint256 i; i < CONTENTS; ++i) {
            if (ownerOf(contents[i]) != bookedOwner[contents[i]]) return true;
            if ((registry.statusOf(contents[i]).exchange != address(0)) != isFrozen[contents[i]]) return true;
        }
        for (uint256 i; i < ACTORS; ++i) {
            if (nonFungible.ownerOf(i) != bookedHolder[i]) return true;
        }
        return false;
    }

    /* HELP */

    function tryLock(IHashedTimelock.Terms memory terms, bytes memory callData)
        private
        returns (bool success)
    {
        uint256 value = terms.asset.kind == IHashedTimelock.AssetKind.Native ? terms.asset.amountOrId : 0;
        vm.prank(terms.sender);
        (success,) = address(timelock).call{value: value}(callData);
    }

    function enter(Lock storage entry) private {
        isBooked[timelock.idOf(entry.terms)] = true;
        entry.isOpen = true;
        ++successes[msg.sig];
        IHashedTimelock.Asset memory asset = entry.terms.asset;
        if (asset.kind == IHashedTimelock.AssetKind.Content) isFrozen[asset.amountOrId] = true;
        if (asset.kind == IHashedTimelock.AssetKind.ForeignNonFungible) {
            bookedHolder[asset.amountOrId] = address(timelock);
        }
    }

    function leave(Lock storage entry, address to) private {
        entry.isOpen = false;
        ++entry.endings;
        ++successes[msg.sig];
        IHashedTimelock.Asset memory asset = entry.terms.asset;
        if (asset.kind == IHashedTimelock.AssetKind.Content) {
            (isFrozen[asset.amountOrId], bookedOwner[asset.amountOrId]) = (false, to);
        }
        if (asset.kind == IHashedTimelock.AssetKind.ForeignNonFungible) bookedHolder[asset.amountOrId] = to;
    }

    function assetOf(IHashedTimelock.AssetKind kind, uint256 seed)
        private
        view
        returns (IHashedTimelock.Asset memory asset)
    {
        asset.kind = kind;
        // Few different amounts, so that linked locks find what a first lock expects.
        asset.amountOrId = 1 ether + seed % 3;
        if (kind == IHashedTimelock.AssetKind.Token) asset.token = address(token);
        if (kind == IHashedTimelock.AssetKind.ForeignNonFungible) {
            (asset.token, asset.amountOrId) = (address(nonFungible), seed % ACTORS);
        }
        if (kind == IHashedTimelock.AssetKind.Content) {
            (asset.token, asset.amountOrId) = (address(registry), contents[seed % CONTENTS]);
        }
    }

    function expectedOf(uint256 seed) private view returns (bytes32) {
        return timelock.assetHash(assetOf(IHashedTimelock.AssetKind.Native, seed));
    }

    function canHold(IHashedTimelock.Terms memory terms) private view returns (bool) {
        IHashedTimelock.Asset memory asset = terms.asset;
        if (asset.kind == IHashedTimelock.AssetKind.Native) return terms.sender.balance >= asset.amountOrId;
        if (asset.kind == IHashedTimelock.AssetKind.Token) return token.balanceOf(terms.sender) >= asset.amountOrId;
        if (asset.kind == IHashedTimelock.AssetKind.Content) {
            return bookedOwner[asset.amountOrId] == terms.sender && isFree(asset.amountOrId);
        }
        return bookedHolder[asset.amountOrId] == terms.sender;
    }

    /// @dev The refusing actor cannot be paid directly, so it has to let others call.
    function canPay(IHashedTimelock.Terms memory terms, address to, address caller) private view returns (bool) {
        return terms.asset.kind != IHashedTimelock.AssetKind.Native || to != caller || to != refuser();
    }

    function lostContent(IHashedTimelock.Terms memory terms) private view returns (bool) {
        return isRemoved[terms.guardedContent]
            || (terms.asset.kind == IHashedTimelock.AssetKind.Content && isRemoved[terms.asset.amountOrId]);
    }

    function isFree(uint256 tokenId) private view returns (bool) {
        return !isFrozen[tokenId] && !isRemoved[tokenId];
    }

    /// @dev Half of the draws fall on the last four, which are the likeliest still open.
    function pick(uint256 draw, uint256 length) private pure returns (uint256) {
        if (draw % 2 == 0 || length < 4) return (draw >> 1) % length;
        return length - 1 - (draw >> 1) % 4;
    }

    function refuser() private view returns (address) {
        return actors[ACTORS - 1];
    }

    function actorOf(uint256 draw) private view returns (address) {
        return actors[draw % ACTORS];
    }

    function fresh() private returns (bytes32) {
        return keccak256(abi.encode("preimage", ++counter));
    }
}
