// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IProofOfAIGC} from "../../../contracts/content/IProofOfAIGC.sol";
import {ProofOfAIGC} from "../../../contracts/content/ProofOfAIGC.sol";
import {AtomicSale} from "../../../contracts/exchange/AtomicSale.sol";
import {CompletionBounties} from "../../../contracts/exchange/CompletionBounties.sol";
import {ExchangePremiums} from "../../../contracts/exchange/ExchangePremiums.sol";
import {HashedTimelock} from "../../../contracts/exchange/HashedTimelock.sol";
import {Membership} from "../../../contracts/identity/Membership.sol";
import {Roles} from "../../../contracts/identity/Roles.sol";
import {TrustedForwarder} from "../../../contracts/identity/TrustedForwarder.sol";
import {Payouts} from "../../../contracts/payments/Payouts.sol";
import {IReputationLedger} from "../../../contracts/reputation/IReputationLedger.sol";
import {ReputationEpochs} from "../../../contracts/reputation/ReputationEpochs.sol";
import {ReputationLedger} from "../../../contracts/reputation/ReputationLedger.sol";
import {TaskBoard} from "../../../contracts/tasks/TaskBoard.sol";
import {ForgeTest} from "./ForgeTest.sol";

/// @title MarketDeployment
/// @notice The exchange, the task board and what they stand on, all real; the deploying contract is the administrator and
/// stands in for the challenge contract, so that a test can challenge and remove content in one call.
abstract contract MarketDeployment is ForgeTest {
    uint40 internal constant SAFETY_MARGIN = 1 hours;
    uint40 internal constant WINDOW_SECONDS = 1 days;
    uint96 internal constant MINIMUM_STAKE = 1 ether;
    uint96 internal constant EPOCH_BOND = 1 ether;
    uint40 internal constant ANSWER_SECONDS = 1 hours;
    address internal constant TREASURY = address(0x7EA5);
    uint96 internal constant DELIVERY_BOND = 0.1 ether + 1;
    uint40 internal constant DISPUTE_WINDOW = 20 minutes;
    uint32 internal constant SCHEME = 0x00010001;
    uint256 internal constant PROVIDER_KEY = 0xed6e;
    uint40 internal constant FAR_FUTURE = 1e10;

    Membership internal immutable membership;
    Payouts internal immutable payouts;
    ReputationLedger internal immutable ledger;
    ReputationEpochs internal immutable epochs;
    ProofOfAIGC internal immutable registry;
    HashedTimelock internal immutable timelock;
    AtomicSale internal immutable sale;
    ExchangePremiums internal immutable premiums;
    CompletionBounties internal immutable bounties;
    TaskBoard internal immutable board;

    constructor() {
        vm.warp(1_700_000_000);
        address forwarder = address(new TrustedForwarder());
        membership = new Membership(address(this), forwarder);
        payouts = new Payouts(forwarder);
        ledger = new ReputationLedger(
            IReputationLedger.Weights({recent: 0.6e18, older: 0.4e18, positive: 0.4e18, negative: 0.6e18}),
            WINDOW_SECONDS
        );
        uint32[] memory schemes = new uint32[](1);
        schemes[0] = SCHEME;
        registry = new ProofOfAIGC(address(membership), forwarder, schemes);
        timelock =
            new HashedTimelock(address(membership), forwarder, address(registry), address(payouts), SAFETY_MARGIN);
        sale = new AtomicSale(address(membership), forwarder, address(registry), address(payouts), address(ledger));
        epochs = new ReputationEpochs(
            address(membership),
            forwarder,
            address(payouts),
            address(ledger),
            TREASURY,
            EPOCH_BOND,
            ANSWER_SECONDS
        );
        board = new TaskBoard(
            address(membership),
            forwarder,
            address(payouts),
            address(ledger),
            address(epochs),
            MINIMUM_STAKE,
            DELIVERY_BOND,
            DISPUTE_WINDOW
        );
        premiums = new ExchangePremiums(address(membership), forwarder, address(timelock), address(payouts));
        bounties = new CompletionBounties(forwarder, address(timelock), address(payouts));
        registry.bindCustodians(address(timelock), address(sale), address(this));
        ledger.bindSources(address(board), address(sale));
        admit(vm.addr(PROVIDER_KEY));
    }

    /// @dev Every role, so that only the rules under test decide.
    function admit(address account) internal {
        membership.admit(account, Roles.ALL, FAR_FUTURE, keccak256(abi.encode(account)));
    }

    /// @dev Registers content of a producer with a genuine receipt; takes two blocks.
    function registerContent(address producer, bytes32 contentHash, uint16 royaltyBps)
        internal
        returns (uint256 tokenId)
    {
        registerRecord(producer, contentHash, royaltyBps);
        return uint256(contentHash);
    }

    /// @dev As {registerContent}; the record as callers pass it back.
    function registerRecord(address producer, bytes32 contentHash, uint16 royaltyBps)
        internal
        returns (IProofOfAIGC.Record memory record)
    {
        IProofOfAIGC.Registration[] memory items = new IProofOfAIGC.Registration[](1);
        items[0].receipt = IProofOfAIGC.Receipt({
            producer: producer,
            provider: vm.addr(PROVIDER_KEY),
            contentHash: contentHash,
            fingerprint: contentHash,
            fingerprintScheme: SCHEME,
            promptCommitment: keccak256("prompt"),
            modelId: keccak256("model")
        });
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(PROVIDER_KEY, registry.hashReceipt(items[0].receipt));
        items[0].receiptSignature = abi.encodePacked(r, s, v);
        items[0].royaltyBps = royaltyBps;
        items[0].uri = "ipfs://content";

        bytes32[] memory contentHashes = new bytes32[](1);
        contentHashes[0] = contentHash;
        bytes32 commitment = registry.commitmentOf(producer, contentHashes, contentHash);
        vm.prank(producer);
        registry.commit(commitment);
        vm.roll(block.number + 1);
        vm.prank(producer);
        registry.register(items, contentHash);
        record.receipt = items[0].receipt;
        record.royaltyBps = royaltyBps;
        (record.committedBlock,) = registry.commitmentStateOf(commitment);
        record.commitment = commitment;
        record.uri = items[0].uri;
    }

    function ownerOf(uint256 tokenId) internal view returns (address) {
        return IERC721(address(registry)).ownerOf(tokenId);
    }

    /// @dev Removes content as an upheld challenge does.
    function removeContent(uint256 tokenId) internal {
        registry.freezeForChallenge(tokenId);
        registry.endChallenge(tokenId, true);
    }

    function hashlockOf(bytes32 preimage) internal pure returns (bytes32) {
        return sha256(abi.encode(preimage));
    }
}
