// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {IProofOfAIGC} from "../../contracts/content/IProofOfAIGC.sol";
import {IHashedTimelock} from "../../contracts/exchange/IHashedTimelock.sol";
import {
    FalseToken,
    FeeToken,
    GenerousToken,
    HookToken,
    PlainNonFungible,
    PlainToken,
    ReenteringAccount,
    RefusingAccount,
    SilentToken,
    StuckNonFungible,
    ThirstyAccount
} from "./mocks/ForeignTokens.sol";
import {MarketDeployment} from "./support/MarketDeployment.sol";

interface IMintable {
    function mint(address account, uint256 amountOrId) external;
    function approve(address spender, uint256 amountOrId) external;
}

/// @notice When locks may be closed, how linked locks have to fit, and what hostile tokens and receivers can do.
contract HashedTimelockTest is MarketDeployment {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);
    address private constant WATCHER = address(0x3A7C4);
    bytes32 private constant PREIMAGE = keccak256("preimage");
    uint256 private constant AMOUNT = 1 ether;

    uint40 private start;

    function setUp() public {
        start = uint40(block.timestamp);
        admit(ALICE);
        admit(BOB);
        vm.deal(ALICE, 100 ether);
        vm.deal(BOB, 100 ether);
    }

    /* TIME */

    function testFuzz_claimStrictlyBeforeTheTimelockRefundFromIt(uint32 duration, uint32 wait, bool claims) public {
        IHashedTimelock.Terms memory terms = nativeTerms();
        terms.timelock = start + 1 + duration;
        lock(terms, AMOUNT);

        uint256 present = uint256(start) + wait;
        // Half of the runs fall on the two seconds that matter.
        if (wait % 4 < 2) present = terms.timelock - wait % 4;
        vm.warp(present);
        bool allowed = claims ? present < terms.timelock : present >= terms.timelock;
        if (!allowed) {
            bytes4 selector = claims
                ? IHashedTimelock.HashedTimelock_TimelockReached.selector
                : IHashedTimelock.HashedTimelock_TimelockNotReached.selector;
            vm.expectRevert(abi.encodeWithSelector(selector, terms.timelock, present));
        }
        vm.prank(WATCHER);
        if (claims) timelock.claim(terms, PREIMAGE);
        else timelock.refund(terms);

        if (allowed) {
            assertEq((claims ? BOB : ALICE).balance, claims ? 101 ether : 100 ether, "who was paid");
            assertEq(address(timelock).balance, 0, "nothing is left behind");
        } else {
            assertEq(address(timelock).balance, AMOUNT, "the lock is untouched");
        }
    }

    function testFuzz_onlyThePreimageClaims(bytes32 preimage) public {
        vm.assume(preimage != PREIMAGE);
        IHashedTimelock.Terms memory terms = nativeTerms();
        bytes32 lockId = lock(terms, AMOUNT);
        vm.expectRevert(abi.encodeWithSelector(IHashedTimelock.HashedTimelock_WrongPreimage.selector, lockId));
        timelock.claim(terms, preimage);
    }

    function testFuzz_changedTermsAreAnotherLock(uint8 field, uint256 change) public {
        vm.assume(change != 0);
        IHashedTimelock.Terms memory terms = nativeTerms();
        lock(terms, AMOUNT);
        uint256 index = field % 5;
        if (index == 0) terms.receiver = address(uint160(terms.receiver) ^ uint160(bound(change, 1, type(uint160).max)));
        else if (index == 1) terms.asset.amountOrId ^= change;
        else if (index == 2) terms.timelock ^= uint40(bound(change, 1, type(uint40).max));
        else if (index == 3) terms.expected ^= bytes32(change);
        else terms.hashlock ^= bytes32(change);
        vm.expectRevert(
            abi.encodeWithSelector(
                IHashedTimelock.HashedTimelock_NotOpen.selector, timelock.idOf(terms), IHashedTimelock.State.None
            )
        );
        timelock.claim(terms, PREIMAGE);
    }

    /* LINKED LOCKS */

    function testFuzz_linkedLockKeepsTheMargin(uint32 firstDuration, uint32 secondDuration) public {
        IHashedTimelock.Terms memory first = nativeTerms();
        first.timelock = start + 1 + firstDuration;
        IHashedTimelock.Terms memory second = answerTo(first, 2 ether);
        second.timelock = start + 1 + secondDuration;
        // Half of the runs fall on the two seconds that matter.
        if (firstDuration > SAFETY_MARGIN && secondDuration % 4 < 2) {
            second.timelock = first.timelock - SAFETY_MARGIN + secondDuration % 4;
        }
        first.expected = timelock.assetHash(second.asset);
        second.firstLock = lock(first, AMOUNT);

        bool fits = first.timelock >= uint256(second.timelock) + SAFETY_MARGIN;
        if (!fits) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IHashedTimelock.HashedTimelock_MarginTooSmall.selector,
                    first.timelock,
                    second.timelock,
                    SAFETY_MARGIN
                )
            );
        }
        vm.prank(BOB);
        timelock.lockLinked{value: 2 ether}(second, first);
    }

    /// @dev Every way of not fitting is refused, whichever field it is in.
    function testFuzz_linkedLockHasToFit(uint8 field, uint256 change) public {
        vm.assume(change != 0);
        IHashedTimelock.Terms memory first = nativeTerms();
        IHashedTimelock.Terms memory second = answerTo(first, 2 ether);
        first.expected = timelock.assetHash(second.asset);
        second.firstLock = lock(first, AMOUNT);
        uint256 value = 2 ether;
        uint256 index = field % 6;
        if (index == 0) second.hashlock ^= bytes32(change);
        else if (index == 1) second.receiver = address(uint160(second.receiver) ^ uint160(bound(change, 1, 1e9)));
        else if (index == 2) value = second.asset.amountOrId = bound(change, 1, 2 ether - 1);
        else if (index == 3) second.guardedContent = change;
        else if (index == 4) second.firstLock ^= bytes32(change);
        else first.expected ^= bytes32(change);
        vm.expectRevert();
        vm.prank(BOB);
        timelock.lockLinked{value: value}(second, first);
    }

    function test_linkedLockOfContentIsRefundedAtOnceWhenTheContentIsRemoved() public {
        uint256 tokenId = registerContent(ALICE, keccak256("content"), 0);
        IHashedTimelock.Terms memory first = nativeTerms();
        first.asset = contentAsset(tokenId);
        IHashedTimelock.Terms memory second = answerTo(first, 2 ether);
        second.guardedContent = tokenId;
        first.expected = timelock.assetHash(second.asset);
        second.firstLock = lock(first, 0);
        vm.prank(BOB);
        timelock.lockLinked{value: 2 ether}(second, first);

        removeContent(tokenId);
        bytes memory removed = abi.encodeWithSelector(IHashedTimelock.HashedTimelock_ContentRemoved.selector, tokenId);
        vm.expectRevert(removed);
        timelock.claim(second, PREIMAGE);
        vm.expectRevert(abi.encodeWithSelector(IProofOfAIGC.ProofOfAIGC_Frozen.selector, tokenId));
        timelock.claim(first, PREIMAGE);

        timelock.refund(second);
        timelock.refund(first);
        assertEq(BOB.balance, 100 ether, "the price is back");
        assertEq(ownerOf(tokenId), ALICE, "removed content stays where it is");
        assertEq(registry.statusOf(tokenId).exchange, address(0), "the exchange lets go of it");
    }

    function testFuzz_lockedContentMovesByNoOtherWay(address to, uint8 way) public {
        vm.assume(to != address(0));
        uint256 tokenId = registerContent(ALICE, keccak256("content"), 0);
        IHashedTimelock.Terms memory terms = nativeTerms();
        terms.asset = contentAsset(tokenId);
        lock(terms, 0);
        if (way % 3 == 0) {
            vm.expectRevert();
            vm.prank(ALICE);
            IERC721(address(registry)).transferFrom(ALICE, to, tokenId);
        } else if (way % 3 == 1) {
            vm.expectRevert();
            vm.prank(address(sale));
            registry.moveInSale(tokenId, ALICE, to);
        } else {
            vm.expectRevert();
            vm.prank(address(sale));
            registry.releaseFromExchange(tokenId, to);
        }
        assertEq(ownerOf(tokenId), ALICE, "locked content stays");
    }

    /* HOSTILE TOKENS */

    function testFuzz_tokensThatMoveAnotherAmountAreRefused(uint96 amount, bool takesFee) public {
        amount = uint96(bound(amount, 1, type(uint96).max));
        address token = takesFee ? address(new FeeToken()) : address(new GenerousToken());
        IHashedTimelock.Terms memory terms = tokenTerms(token, amount);
        uint256 received = takesFee ? amount - (amount / 100 + 1) : uint256(amount) + 1;
        vm.expectRevert(
            abi.encodeWithSelector(
                IHashedTimelock.HashedTimelock_TransferAmountMismatch.selector, token, received, amount
            )
        );
        vm.prank(ALICE);
        timelock.lock(terms);
    }

    function test_tokenThatReturnsFalseIsRefused() public {
        address token = address(new FalseToken());
        IHashedTimelock.Terms memory terms = tokenTerms(token, AMOUNT);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, token));
        vm.prank(ALICE);
        timelock.lock(terms);
    }

    function test_tokenThatReturnsNothingWorks() public {
        SilentToken token = new SilentToken();
        token.mint(ALICE, AMOUNT);
        IHashedTimelock.Terms memory terms = nativeTerms();
        terms.asset = IHashedTimelock.Asset(IHashedTimelock.AssetKind.Token, address(token), AMOUNT);
        lock(terms, 0);
        timelock.claim(terms, PREIMAGE);
        assertEq(token.balanceOf(BOB), AMOUNT, "the receiver is paid");
    }

    /// @dev While a hooked token is on its way in, no other lock of it is opened: one amount must not count twice.
    function test_tokenHookCannotOpenAnotherLockOfTheToken() public {
        HookToken token = new HookToken();
        admit(address(token));
        IHashedTimelock.Terms memory inner = tokenTerms(address(token), AMOUNT);
        inner.sender = address(token);
        token.arm(address(timelock), abi.encodeCall(timelock.lock, (inner)));
        lock(tokenTerms(address(token), AMOUNT), 0);
        assertTrue(!token.hookSucceeded(), "re-entry is refused");
        assertEq(
            keccak256(token.hookAnswer()),
            keccak256(abi.encodeWithSelector(ReentrancyGuard.ReentrancyGuardReentrantCall.selector)),
            "by the guard"
        );
    }

    /// @dev What leaves while a token is on its way in looks like an amount that did not arrive.
    function test_tokenHookThatClaimsAnotherLockSpoilsItsOwn() public {
        HookToken token = new HookToken();
        IHashedTimelock.Terms memory victim = tokenTerms(address(token), AMOUNT);
        lock(victim, 0);
        IHashedTimelock.Terms memory terms = tokenTerms(address(token), AMOUNT);
        terms.timelock += 1;
        token.arm(address(timelock), abi.encodeCall(timelock.claim, (victim, PREIMAGE)));
        vm.expectRevert(
            abi.encodeWithSelector(
                IHashedTimelock.HashedTimelock_TransferAmountMismatch.selector, address(token), 0, AMOUNT
            )
        );
        lock(terms, 0);
        assertEq(token.balanceOf(address(timelock)), AMOUNT, "the other lock is funded");
    }

    function test_nonFungibleThatDoesNotArriveIsRefused() public {
        StuckNonFungible token = new StuckNonFungible();
        token.mint(ALICE, 7);
        IHashedTimelock.Terms memory terms = nativeTerms();
        terms.asset = IHashedTimelock.Asset(IHashedTimelock.AssetKind.ForeignNonFungible, address(token), 7);
        vm.expectRevert(
            abi.encodeWithSelector(
                IHashedTimelock.HashedTimelock_TransferAmountMismatch.selector, address(token), 0, 1
            )
        );
        vm.prank(ALICE);
        timelock.lock(terms);
    }

    /// @dev An ERC-20 offered as an ERC-721 would be paid out of other people's amounts.
    function test_tokenCannotPoseAsNonFungible() public {
        IHashedTimelock.Terms memory terms = tokenTerms(address(new PlainToken()), AMOUNT);
        terms.asset.kind = IHashedTimelock.AssetKind.ForeignNonFungible;
        vm.expectRevert();
        vm.prank(ALICE);
        timelock.lock(terms);
    }

    function testFuzz_nonFungibleGoesInAndOut(uint256 tokenId, bool claims) public {
        PlainNonFungible token = new PlainNonFungible();
        token.mint(ALICE, tokenId);
        vm.prank(ALICE);
        token.approve(address(timelock), tokenId);
        address receiver = address(new RefusingAccount());
        IHashedTimelock.Terms memory terms = nativeTerms();
        terms.receiver = receiver;
        terms.asset = IHashedTimelock.Asset(IHashedTimelock.AssetKind.ForeignNonFungible, address(token), tokenId);
        lock(terms, 0);
        assertEq(token.ownerOf(tokenId), address(timelock), "in custody");
        if (claims) timelock.claim(terms, PREIMAGE);
        else {
            vm.warp(terms.timelock);
            timelock.refund(terms);
        }
        assertEq(token.ownerOf(tokenId), claims ? receiver : ALICE, "paid out");
    }

    function testFuzz_assetNeedsItsToken(uint8 kind, address token) public {
        kind = uint8(bound(kind, 0, 3));
        vm.assume(token.code.length == 0 && token != address(0));
        IHashedTimelock.Terms memory terms = nativeTerms();
        terms.asset.kind = IHashedTimelock.AssetKind(kind);
        terms.asset.token = token;
        vm.expectRevert(
            abi.encodeWithSelector(IHashedTimelock.HashedTimelock_AssetTokenMismatch.selector, kind, token)
        );
        vm.prank(ALICE);
        timelock.lock{value: kind == 0 ? AMOUNT : 0}(terms);
    }

    /* HOSTILE RECEIVERS */

    function test_receiverThatRefusesIsCredited() public {
        address receiver = address(new RefusingAccount());
        IHashedTimelock.Terms memory terms = nativeTerms();
        terms.receiver = receiver;
        lock(terms, AMOUNT);
        timelock.claim(terms, PREIMAGE);
        assertEq(payouts.creditOf(receiver), AMOUNT, "credited");
    }

    function test_receiverThatNeedsMuchGasIsCreditedAndCanWithdraw() public {
        address payable receiver = payable(address(new ThirstyAccount()));
        IHashedTimelock.Terms memory terms = nativeTerms();
        terms.receiver = receiver;
        lock(terms, AMOUNT);
        timelock.claim(terms, PREIMAGE);
        assertEq(payouts.creditOf(receiver), AMOUNT, "credited");
        payouts.withdraw(receiver);
        assertEq(receiver.balance, AMOUNT, "withdrawn");
    }

    function test_receiverThatReentersIsPaidOnce() public {
        ReenteringAccount receiver = new ReenteringAccount();
        IHashedTimelock.Terms memory terms = nativeTerms();
        terms.receiver = address(receiver);
        lock(terms, AMOUNT);
        terms.receiver = BOB;
        lock(terms, AMOUNT);

        terms.receiver = address(receiver);
        receiver.arm(address(timelock), abi.encodeCall(timelock.claim, (terms, PREIMAGE)));
        vm.prank(address(receiver));
        timelock.claim(terms, PREIMAGE);
        assertEq(receiver.attempts(), 1, "it tried");
        assertEq(receiver.successes(), 0, "and failed");
        assertEq(address(receiver).balance, AMOUNT, "paid once");
        assertEq(address(timelock).balance, AMOUNT, "another's lock is whole");
    }

    /* HELP */

    function lock(IHashedTimelock.Terms memory terms, uint256 value) private returns (bytes32) {
        vm.prank(terms.sender);
        return timelock.lock{value: value}(terms);
    }

    function nativeTerms() private view returns (IHashedTimelock.Terms memory terms) {
        terms.sender = ALICE;
        terms.receiver = BOB;
        terms.asset.amountOrId = AMOUNT;
        terms.hashlock = hashlockOf(PREIMAGE);
        terms.timelock = start + 4 hours;
    }

    function tokenTerms(address token, uint256 amount) private returns (IHashedTimelock.Terms memory terms) {
        IMintable(token).mint(ALICE, amount);
        vm.prank(ALICE);
        IMintable(token).approve(address(timelock), type(uint256).max);
        terms = nativeTerms();
        terms.asset = IHashedTimelock.Asset(IHashedTimelock.AssetKind.Token, token, amount);
    }

    function contentAsset(uint256 tokenId) private view returns (IHashedTimelock.Asset memory) {
        return IHashedTimelock.Asset(IHashedTimelock.AssetKind.Content, address(registry), tokenId);
    }

    function answerTo(IHashedTimelock.Terms memory first, uint256 amount)
        private
        view
        returns (IHashedTimelock.Terms memory terms)
    {
        terms.sender = first.receiver;
        terms.receiver = first.sender;
        terms.asset.amountOrId = amount;
        terms.hashlock = first.hashlock;
        terms.timelock = start + 2 hours;
    }
}
