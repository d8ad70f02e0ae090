// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {Challenges} from "../../../contracts/content/Challenges.sol";
import {IChallenges} from "../../../contracts/content/IChallenges.sol";
import {IProofOfAIGC} from "../../../contracts/content/IProofOfAIGC.sol";
import {ProofOfAIGC} from "../../../contracts/content/ProofOfAIGC.sol";
import {Membership} from "../../../contracts/identity/Membership.sol";
import {Roles} from "../../../contracts/identity/Roles.sol";
import {Payouts} from "../../../contracts/payments/Payouts.sol";
import {ThirstyAccount} from "../mocks/ForeignTokens.sol";
import {SilentArbitrator} from "../mocks/SilentArbitrator.sol";
import {ForgeTest} from "./ForgeTest.sol";

/// @title ContentHandler
/// @notice Walks the register at random and says beforehand, from its own books alone, what may succeed.
/// @dev It stands in for the two exchange custodians, so that content is frozen and moved at any moment, and speaks for
/// the arbitrator.
abstract contract ContentHandler is ForgeTest {
    struct Work {
        IProofOfAIGC.Record record;
        uint256 registrations;
        address owner;
        bool isLocked;
        uint256 openChallenges;
        bool isRemoved;
    }

    struct Commitment {
        address producer;
        uint256 index;
    }

    uint256 public constant ACTORS = 3;
    uint256 public constant FUNDS = 1_000 ether;
    uint96 public constant DEPOSIT = 1 ether + 1;
    uint40 internal constant PERIOD = 10;
    uint256 public constant WORKS = 12;
    uint256 private constant PROVIDER_KEY = 0xed6e;
    uint256 internal constant MAXIMUM_DISTANCE = 10;
    uint32 private constant SCHEME = 0x00010001;
    address private constant ATOMIC_SALE = address(0x5A1E);
    address public constant TREASURY = address(0x7EA5);

    Membership public immutable membership;
    Payouts public immutable payouts;
    ProofOfAIGC public immutable registry;
    Challenges public immutable challenges;
    SilentArbitrator public immutable arbitrator;

    address[] public actors;
    mapping(bytes4 action => uint256 count) public successes;
    /// @notice How often content that was removed while locked was kept from a receiver.
    uint256 public withheld;

    mapping(uint256 index => Work work) internal works;
    mapping(address producer => mapping(uint256 index => uint256 blockNumber)) private committedAt;
    Commitment[] private commitments;
    uint256[] internal registered;
    uint256 internal height;

    modifier atPresent(uint256 wait) {
        // Half of the actions share the block of the one before.
        height += wait % 2;
        vm.roll(height);
        vm.warp(height);
        _;
    }

    constructor() {
        height = 100;
        membership = new Membership(address(this), address(0xF0));
        payouts = new Payouts(address(0));
        uint32[] memory schemes = new uint32[](1);
        uint256[] memory maximumDistances = new uint256[](1);
        (schemes[0], maximumDistances[0]) = (SCHEME, MAXIMUM_DISTANCE);
        registry = new ProofOfAIGC(address(membership), address(0xF0), schemes);
        arbitrator = new SilentArbitrator();
        challenges = new Challenges(
            address(registry),
            address(membership),
            address(payouts),
            address(0xF0),
            TREASURY,
            address(arbitrator),
            IChallenges.Rules({
                deposit: DEPOSIT,
                maximumDeposit: 5 * DEPOSIT,
                answerWindow: PERIOD,
                finalityPeriod: PERIOD,
                rulingPeriod: PERIOD,
                minimumPeriod: 1,
                maximumPeriod: PERIOD
            }),
            schemes,
            maximumDistances
        );
        registry.bindCustodians(address(this), ATOMIC_SALE, address(challenges));
        actors.push(address(0xA0));
        actors.push(address(0xA1));
        actors.push(address(new ThirstyAccount()));
        for (uint256 i; i < ACTORS; ++i) {
            membership.admit(actors[i], Roles.PRODUCER, type(uint40).max, bytes32(0));
            vm.deal(actors[i], FUNDS);
        }
        membership.admit(vm.addr(PROVIDER_KEY), Roles.EDGE_SERVICE_PROVIDER, type(uint40).max, bytes32(0));
    }

    /* ACTIONS */

    /// @dev The caller may be somebody who copied the producer's pending commitment.
    function commit(uint256 producerDraw, uint256 callerDraw, uint256 workDraw) external atPresent(workDraw >> 8) {
        address producer = actor(producerDraw);
        uint256 index = workDraw % WORKS;
        bool allowed = committedAt[producer][index] == 0;
        if (allowed) {
            committedAt[producer][index] = height;
            commitments.push(Commitment(producer, index));
        }
        bytes32 commitment = registry.commitmentOf(producer, hashesOf(index), bytes32(0));
        call(actor(callerDraw), address(registry), 0, abi.encodeCall(registry.commit, (commitment)), allowed);
    }

    function register(uint256 commitmentDraw, uint256 callerDraw, uint256 workDraw) external atPresent(workDraw >> 8) {
        (address producer, uint256 index) = (actor(commitmentDraw), workDraw % WORKS);
        if (commitmentDraw % 8 != 0 && commitments.length != 0) {
            Commitment storage committedTo = commitments[(commitmentDraw >> 3) % commitments.length];
            (producer, index) = (committedTo.producer, committedTo.index);
        }
        address caller = mostly(producer, callerDraw);
        IProofOfAIGC.Record memory record = recordOf(producer, index);
        uint256 committed = committedAt[caller][index];
        Work storage work = works[index];
        bool allowed = caller == producer && committed != 0 && committed < height && work.registrations == 0;
        if (allowed) {
            work.record = record;
            work.owner = caller;
        }
        if (call(caller, address(registry), 0, registerCall(record), allowed)) {
            ++work.registrations;
            registered.push(index);
        }
    }

    function transfer(uint256 workDraw, uint256 callerDraw, uint256 receiverDraw) external atPresent(workDraw >> 8) {
        uint256 index = pick(workDraw);
        Work storage work = works[index];
        (address receiver, address owner) = (actor(receiverDraw), work.owner);
        address caller = mostly(owner, callerDraw);
        bool allowed = work.registrations != 0 && caller == owner && isFree(work);
        bytes memory data = abi.encodeWithSelector(IERC721.transferFrom.selector, owner, receiver, tokenOf(index));
        if (call(caller, address(registry), 0, data, allowed)) work.owner = receiver;
    }

    function lock(uint256 workDraw, uint256 ownerDraw) external atPresent(workDraw >> 8) {
        uint256 index = pick(workDraw);
        Work storage work = works[index];
        address owner = mostly(work.owner, ownerDraw);
        bool allowed = work.registrations != 0 && isFree(work) && work.owner == owner;
        bytes memory data = abi.encodeCall(registry.freezeForExchange, (tokenOf(index), owner));
        if (call(address(this), address(registry), 0, data, allowed)) work.isLocked = true;
    }

    function release(uint256 workDraw, uint256 receiverDraw) external atPresent(workDraw >> 8) {
        uint256 index = pick(workDraw);
        Work storage work = works[index];
        address receiver = actor(receiverDraw);
        bool allowed = work.isLocked && (!work.isRemoved || receiver == work.owner);
        if (work.isLocked && !allowed) ++withheld;
        bytes memory data = abi.encodeCall(registry.releaseFromExchange, (tokenOf(index), receiver));
        if (call(address(this), address(registry), 0, data, allowed)) (work.isLocked, work.owner) = (false, receiver);
    }

    function sell(uint256 workDraw, uint256 sellerDraw, uint256 buyerDraw) external atPresent(workDraw >> 8) {
        uint256 index = pick(workDraw);
        Work storage work = works[index];
        (address seller, address buyer) = (mostly(work.owner, sellerDraw), actor(buyerDraw));
        bool allowed = work.registrations != 0 && isFree(work) && work.owner == seller;
        bytes memory data = abi.encodeCall(registry.moveInSale, (tokenOf(index), seller, buyer));
        if (call(ATOMIC_SALE, address(registry), 0, data, allowed)) work.owner = buyer;
    }

    function withdraw(uint256 accountDraw, uint256 callerDraw) external {
        address account = actor(accountDraw);
        bytes memory data = abi.encodeCall(payouts.withdraw, (payable(account)));
        call(actor(callerDraw), address(payouts), 0, data, payouts.creditOf(account) != 0);
    }

    /* WHAT THE INVARIANTS ASK */

    function coins() external view returns (uint256 sum) {
        for (uint256 i; i < ACTORS; ++i) {
            sum += actors[i].balance;
        }
        return sum + TREASURY.balance + address(challenges).balance + address(payouts).balance
            + address(arbitrator).balance;
    }

    function credits() external view returns (uint256 sum) {
        for (uint256 i; i < ACTORS; ++i) {
            sum += payouts.creditOf(actors[i]);
        }
        return sum + payouts.creditOf(TREASURY);
    }

    function hasTwiceRegistered() external view returns (bool) {
        for (uint256 i; i < WORKS; ++i) {
            if (works[i].registrations > 1) return true;
        }
        return false;
    }

    /// @notice Whether owner, creator, status or record of any work differs from the books.
    function hasStrayContent() external view returns (bool) {
        for (uint256 i; i < WORKS; ++i) {
            Work storage work = works[i];
            if (work.registrations == 0) {
                if (registry.creatorOf(tokenOf(i)) != address(0)) return true;
                continue;
            }
            IProofOfAIGC.Status memory status = registry.statusOf(tokenOf(i));
            bool agrees = registry.ownerOf(tokenOf(i)) == work.owner
                && registry.creatorOf(tokenOf(i)) == work.record.receipt.producer && status.removed == work.isRemoved
                && status.challenged == (work.openChallenges != 0)
                && status.exchange == (work.isLocked ? address(this) : address(0));
            if (!agrees) return true;
            // Reverts, and so fails the invariant, unless the record is the registered one.
            registry.requireRecord(work.record);
        }
        return false;
    }

    /* BOOKS */

    function call(address caller, address target, uint256 value, bytes memory data, bool allowed)
        internal
        returns (bool done)
    {
        vm.prank(caller);
        (done,) = target.call{value: value}(data);
        assertTrue(done == allowed, allowed ? "refused what is allowed" : "allowed what is refused");
        if (done) ++successes[msg.sig];
    }

    function registerCall(IProofOfAIGC.Record memory record) private view returns (bytes memory) {
        IProofOfAIGC.Registration[] memory items = new IProofOfAIGC.Registration[](1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(PROVIDER_KEY, registry.hashReceipt(record.receipt));
        items[0] = IProofOfAIGC.Registration({
            receipt: record.receipt,
            receiptSignature: abi.encodePacked(r, s, v),
            royaltyBps: record.royaltyBps,
            uri: record.uri
        });
        return abi.encodeCall(registry.register, (items, bytes32(0)));
    }

    function recordOf(address producer, uint256 index) private view returns (IProofOfAIGC.Record memory record) {
        record.receipt.producer = producer;
        record.receipt.provider = vm.addr(PROVIDER_KEY);
        record.receipt.contentHash = bytes32(tokenOf(index));
        record.receipt.fingerprint = fingerprintOf(index);
        record.receipt.fingerprintScheme = SCHEME;
        record.royaltyBps = uint16(90 * index);
        record.committedBlock = uint40(committedAt[producer][index]);
        record.commitment = registry.commitmentOf(producer, hashesOf(index), bytes32(0));
        record.uri = "ipfs://content";
    }

    function actor(uint256 draw) internal view returns (address) {
        return actors[draw % ACTORS];
    }

    /// @dev Walks get further when most actions concern what is registered, and are those of the right party.
    function pick(uint256 draw) internal view returns (uint256) {
        return draw % 8 == 0 || registered.length == 0 ? draw % WORKS : registered[(draw >> 3) % registered.length];
    }

    function mostly(address right, uint256 draw) internal view returns (address) {
        return draw % 4 == 0 || right == address(0) ? actor(draw >> 2) : right;
    }

    function isFree(Work storage work) private view returns (bool) {
        return !work.isLocked && work.openChallenges == 0 && !work.isRemoved;
    }

    function hashesOf(uint256 index) private pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](1);
        hashes[0] = bytes32(tokenOf(index));
    }

    function tokenOf(uint256 index) internal pure returns (uint256) {
        return uint256(sha256(abi.encode(index)));
    }

    /// @dev Works come in pairs of copies; of different pairs none is a copy of the other.
    function fingerprintOf(uint256 index) private pure returns (bytes32) {
        return bytes32((index % 2) << 255 | ((1 << (40 * (index / 2))) - 1));
    }

    function distanceOf(uint256 first, uint256 second) internal pure returns (uint256) {
        (uint256 low, uint256 high) = first < second ? (first, second) : (second, first);
        return 40 * (high / 2 - low / 2) + (high + low) % 2;
    }
}
