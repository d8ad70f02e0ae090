// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {
    BidWord,
    BiddingTerms,
    MAXIMUM_AMOUNT,
    ScoreWord,
    biddingTerms,
    openedBid,
    sealedBid
} from "../../contracts/auctions/AuctionWords.sol";
import {EntitlementTree} from "../../contracts/auctions/EntitlementTree.sol";
import {IAuctionHouse} from "../../contracts/auctions/IAuctionHouse.sol";
import {EntitlementProofs} from "./support/EntitlementProofs.sol";
import {ForgeTest} from "./support/ForgeTest.sol";

/// @notice The tree against plain Solidity and OpenZeppelin's proofs, and the words against their fields.
contract EntitlementTreeTest is ForgeTest {
    using EntitlementTree for bytes32[];

    function testFuzz_rootEqualsPlainReference(bytes32[] calldata leaves) external pure {
        if (leaves.length == 0) return;
        bytes32[] memory tree = EntitlementTree.allocate(leaves.length);
        bytes32[] memory plain = EntitlementTree.allocate(leaves.length);
        for (uint256 i; i < leaves.length; ++i) {
            tree.set(i, leaves[i]);
            plain[plain.length - 1 - i] = leaves[i];
        }
        for (uint256 i = plain.length / 2; i > 0; --i) {
            plain[i - 1] = Hashes.commutativeKeccak256(plain[2 * i - 1], plain[2 * i]);
        }
        assertEq(tree.rootOf(), plain[0], "root");
        assertEq(keccak256(abi.encode(tree)), keccak256(abi.encode(plain)), "every node");
    }

    function testFuzz_everyLeafIsProven(uint8 count, uint8 index, uint256 seed) external view {
        (IAuctionHouse.Entitlement[] memory all, bytes32[] memory tree) = drawTree(seed, 1 + count % 80);
        index = uint8(index % all.length);
        bytes32 leaf = EntitlementTree.leafOf(index, all[index].account, all[index].amount);
        assertTrue(this.verify(EntitlementProofs.proofOf(tree, index), tree[0], leaf), "proven");
        bytes32 more = EntitlementTree.leafOf(index, all[index].account, uint256(all[index].amount) + 1);
        assertTrue(!this.verify(EntitlementProofs.proofOf(tree, index), tree[0], more), "more is not proven");
    }

    function testFuzz_manyLeavesAreProven(uint8 count, uint256 choice, uint256 seed) external view {
        (IAuctionHouse.Entitlement[] memory all, bytes32[] memory tree) = drawTree(seed, 1 + count % 80);
        bool[] memory chosen = new bool[](all.length);
        uint256 size;
        for (uint256 i; i < all.length; ++i) {
            chosen[i] = choice >> i & 1 == 1;
            if (chosen[i]) ++size;
        }
        if (size == 0) return;
        bytes32[] memory leaves = new bytes32[](size);
        uint256 place;
        for (uint256 i; i < all.length; ++i) {
            if (chosen[i]) leaves[place++] = EntitlementTree.leafOf(i, all[i].account, all[i].amount);
        }
        (bytes32[] memory proof, bool[] memory flags) = EntitlementProofs.multiProofOf(tree, chosen);
        assertTrue(this.verifyMany(proof, flags, tree[0], leaves), "proven");
        leaves[0] = keccak256(abi.encode(leaves[0]));
        assertTrue(!this.verifyMany(proof, flags, tree[0], leaves), "another is not proven");
    }

    function testFuzz_bidsSurvivePacking(address bidder, bool offline, uint256 amount) external pure {
        amount = bound(amount, 0, MAXIMUM_AMOUNT);
        BidWord bid = openedBid(bidder, offline, amount);
        BidWord closed = sealedBid(bidder, offline);
        assertEq(bid.bidderOf(), bidder, "bidder");
        assertEq(bid.amountOf(), amount, "amount");
        assertTrue(bid.isOffline() == offline && bid.isOpened() && !closed.isOpened(), "flags");
        assertEq(BidWord.unwrap(bid.identity()), BidWord.unwrap(closed), "what is known before it is opened");
        assertEq(closed.amountOf(), 0, "amount of a closed bid");
    }

    function testFuzz_scoresSurvivePacking(uint128 proportional, uint96 additive, uint32 duration) external pure {
        ScoreWord score = ScoreWord.wrap(uint256(proportional) << 128 | uint256(additive) << 32 | duration);
        assertEq(score.proportional(), proportional, "proportional");
        assertEq(score.additive(), additive, "additive");
        assertEq(score.simulationSeconds(), duration, "seconds");
    }

    function testFuzz_biddingTermsSurvivePacking(uint96 online, uint96 offline, uint40 until, uint16 most) external pure {
        BiddingTerms terms = biddingTerms(online, offline, until, most);
        assertEq(terms.onlineDeposit(), online, "online deposit");
        assertEq(terms.offlineDeposit(), offline, "offline deposit");
        assertEq(terms.commitUntil(), until, "end of bidding");
        assertEq(terms.maximumBids(), most, "most bids");
    }

    function verify(bytes32[] calldata proof, bytes32 root, bytes32 leaf) external pure returns (bool) {
        return MerkleProof.verifyCalldata(proof, root, leaf);
    }

    function verifyMany(bytes32[] calldata proof, bool[] calldata flags, bytes32 root, bytes32[] calldata leaves)
        external
        pure
        returns (bool)
    {
        return MerkleProof.multiProofVerifyCalldata(proof, flags, root, leaves);
    }

    function drawTree(uint256 seed, uint256 count)
        private
        pure
        returns (IAuctionHouse.Entitlement[] memory all, bytes32[] memory tree)
    {
        all = new IAuctionHouse.Entitlement[](count);
        for (uint256 i; i < count; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            all[i] = IAuctionHouse.Entitlement(uint24(i), address(uint160(word)), uint160(word >> 96) >> 1);
        }
        tree = EntitlementProofs.treeOf(all);
    }
}
