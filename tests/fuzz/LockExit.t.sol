// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IHashedTimelock} from "../../contracts/exchange/IHashedTimelock.sol";
import {LinkedLocks} from "./support/LinkedLocks.sol";

/// @dev A contract wallet that agrees to one digest, and takes coins.
contract AgreeingWallet is IERC1271 {
    bytes32 private immutable agreed;

    constructor(bytes32 digest) {
        agreed = digest;
    }

    receive() external payable {}

    function isValidSignature(bytes32 digest, bytes memory) external view returns (bytes4) {
        return digest == agreed ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

/// @title LockExitTest
/// @notice Both parties leave a lock early, and only both.
contract LockExitTest is LinkedLocks {
    bytes32 private constant PREIMAGE = keccak256("preimage");
    uint256 private constant SENDER_KEY = 0xa1;
    uint256 private constant RECEIVER_KEY = 0xb2;
    address private immutable sender = vm.addr(SENDER_KEY);
    address private immutable receiver = vm.addr(RECEIVER_KEY);

    IHashedTimelock.Terms private terms;
    bytes32 private lockId;

    function setUp() public {
        admit(sender);
        admit(receiver);
        vm.deal(sender, 100 ether);
        (terms,) = exchangeOf(sender, receiver, PREIMAGE, 1 days);
        vm.prank(sender);
        lockId = timelock.lock{value: 1 ether}(terms);
    }

    /// @dev At any time, with or without a caller that is a party, the sender is paid and nothing else happens after.
    function testFuzz_bothPartiesLeave(uint32 wait, uint8 callerDraw) public {
        vm.warp(block.timestamp + wait);
        bytes32 digest = timelock.hashExit(lockId);
        bytes memory sendersConsent = callerDraw % 3 == 0 ? bytes("") : signed(SENDER_KEY, digest);
        bytes memory receiversConsent = callerDraw % 3 == 1 ? bytes("") : signed(RECEIVER_KEY, digest);
        address caller = address(0x5);
        if (callerDraw % 3 == 0) caller = sender;
        if (callerDraw % 3 == 1) caller = receiver;
        vm.prank(caller);
        timelock.exit(terms, sendersConsent, receiversConsent);

        assertEq(sender.balance, 100 ether, "paid back");
        assertTrue(timelock.stateOf(lockId) == IHashedTimelock.State.Refunded, "refunded");
        bytes memory closed = abi.encodeWithSelector(
            IHashedTimelock.HashedTimelock_NotOpen.selector, lockId, IHashedTimelock.State.Refunded
        );
        vm.expectRevert(closed);
        timelock.claim(terms, PREIMAGE);
        vm.expectRevert(closed);
        timelock.refund(terms);
        vm.expectRevert(closed);
        timelock.exit(terms, sendersConsent, receiversConsent);
    }

    function testFuzz_oneAloneDoesNotLeave(uint256 key, bool isSender, bytes32 otherLock) public {
        key = bound(key, 1, 1e30);
        vm.assume(key != SENDER_KEY && key != RECEIVER_KEY && otherLock != lockId);
        bytes32 digest = timelock.hashExit(lockId);
        bytes memory refused = abi.encodeWithSelector(
            IHashedTimelock.HashedTimelock_InvalidExitSignature.selector, isSender ? receiver : sender
        );
        bytes memory wrong = signed(key, digest);
        vm.expectRevert(refused);
        vm.prank(isSender ? sender : receiver);
        timelock.exit(terms, isSender ? bytes("") : wrong, isSender ? wrong : bytes(""));

        bytes memory ofAnother = signed(isSender ? RECEIVER_KEY : SENDER_KEY, timelock.hashExit(otherLock));
        vm.expectRevert(refused);
        vm.prank(isSender ? sender : receiver);
        timelock.exit(terms, isSender ? bytes("") : ofAnother, isSender ? ofAnother : bytes(""));
        assertEq(address(timelock).balance, 1 ether, "the lock is untouched");
    }

    function test_aContractWalletAgrees() public {
        terms.hashlock = hashlockOf("another");
        terms.timelock += 1;
        // The wallet's digest needs the lock's id, which needs the wallet's address.
        address payable wallet = payable(address(uint160(uint256(keccak256("wallet")))));
        terms.receiver = wallet;
        bytes32 digest = timelock.hashExit(timelock.idOf(terms));
        vm.etch(wallet, address(new AgreeingWallet(digest)).code);
        vm.prank(sender);
        timelock.lock{value: 1 ether}(terms);
        vm.prank(sender);
        timelock.exit(terms, "", "");
        assertEq(sender.balance, 99 ether, "paid back");
    }

    function test_lockedContentIsFreeAgain() public {
        uint256 tokenId = registerContent(sender, keccak256("content"), 0);
        terms.hashlock = hashlockOf("another");
        terms.asset = IHashedTimelock.Asset(IHashedTimelock.AssetKind.Content, address(registry), tokenId);
        vm.prank(sender);
        bytes32 contentLock = timelock.lock(terms);
        bytes memory consent = signed(RECEIVER_KEY, timelock.hashExit(contentLock));
        vm.prank(sender);
        timelock.exit(terms, "", consent);
        assertEq(ownerOf(tokenId), sender, "stays");
        assertEq(registry.statusOf(tokenId).exchange, address(0), "free");
    }

    function signed(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
