// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IHashedTimelock} from "../../contracts/exchange/IHashedTimelock.sol";
import {RefusingAccount} from "./mocks/ForeignTokens.sol";
import {MarketDeployment} from "./support/MarketDeployment.sol";

/// @notice Calls a stored target in the middle of every transfer, before anything moves.
contract HookNonFungible is ERC721("Hook", "HOK") {
    address private _target;
    bytes private _callData;
    bool private _entered;
    /// @notice What the hook's last call answered, and whether it went through.
    bool public hookSucceeded;
    bytes public hookAnswer;

    function mint(address account, uint256 tokenId) external {
        _mint(account, tokenId);
    }

    function arm(address target, bytes calldata callData) external {
        (_target, _callData) = (target, callData);
    }

    function _update(address to, uint256 tokenId, address auth) internal override returns (address) {
        if (_target != address(0) && !_entered) {
            _entered = true;
            (hookSucceeded, hookAnswer) = _target.call(_callData);
            _entered = false;
        }
        return super._update(to, tokenId, auth);
    }
}

/// @notice What an ERC-721 that calls back, and receivers without hooks, can do to a lock: nothing.
contract NonFungibleHooksTest is MarketDeployment {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);
    bytes32 private constant PREIMAGE = keccak256("preimage");

    HookNonFungible private token;

    function setUp() public {
        admit(ALICE);
        admit(BOB);
        token = new HookNonFungible();
    }

    function testFuzz_hookThatClosesTheLockAgainIsRefused(uint256 tokenId, bool claims, bool hookClaims) public {
        IHashedTimelock.Terms memory terms = lockedTerms(BOB, tokenId);
        token.arm(
            address(timelock),
            hookClaims
                ? abi.encodeCall(IHashedTimelock.claim, (terms, PREIMAGE))
                : abi.encodeCall(IHashedTimelock.refund, (terms))
        );
        if (!claims) vm.warp(terms.timelock);
        if (claims) timelock.claim(terms, PREIMAGE);
        else timelock.refund(terms);

        IHashedTimelock.State ended = claims ? IHashedTimelock.State.Claimed : IHashedTimelock.State.Refunded;
        assertTrue(!token.hookSucceeded(), "the second ending is refused");
        assertEq(
            keccak256(token.hookAnswer()),
            keccak256(
                abi.encodeWithSelector(
                    IHashedTimelock.HashedTimelock_NotOpen.selector, timelock.idOf(terms), ended
                )
            ),
            "as the lock is no longer open"
        );
        assertEq(token.ownerOf(tokenId), claims ? BOB : ALICE, "it went once, to its party");
    }

    function testFuzz_receiverWithoutAHookGetsItsToken(uint256 tokenId) public {
        address receiver = address(new RefusingAccount());
        admit(receiver);
        IHashedTimelock.Terms memory terms = lockedTerms(receiver, tokenId);
        timelock.claim(terms, PREIMAGE);
        assertEq(token.ownerOf(tokenId), receiver, "no hook is asked");
    }

    function lockedTerms(address receiver, uint256 tokenId) private returns (IHashedTimelock.Terms memory terms) {
        token.mint(ALICE, tokenId);
        vm.prank(ALICE);
        token.approve(address(timelock), tokenId);
        terms.sender = ALICE;
        terms.receiver = receiver;
        terms.asset = IHashedTimelock.Asset(IHashedTimelock.AssetKind.ForeignNonFungible, address(token), tokenId);
        terms.hashlock = hashlockOf(PREIMAGE);
        terms.timelock = uint40(block.timestamp) + 1 days;
        vm.prank(ALICE);
        timelock.lock(terms);
    }
}
