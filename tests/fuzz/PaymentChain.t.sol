// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HashedTimelock} from "../../contracts/exchange/HashedTimelock.sol";
import {IHashedTimelock} from "../../contracts/exchange/IHashedTimelock.sol";
import {TrustedForwarder} from "../../contracts/identity/TrustedForwarder.sol";
import {MarketDeployment} from "./support/MarketDeployment.sol";

/// @notice The lock contract of a chain for payments alone, which has no register of content.
contract PaymentChainTest is MarketDeployment {
    address private constant BUYER = address(0xB0B);
    address private constant SELLER = address(0xA11CE);

    HashedTimelock private payments;

    function setUp() public {
        payments = new HashedTimelock(
            address(membership), address(new TrustedForwarder()), address(0), address(payouts), SAFETY_MARGIN
        );
        admit(BUYER);
        admit(SELLER);
    }

    function testFuzz_contentIsRefusedWhateverContractItNames(address token, uint256 tokenId, bytes32 hashlock) public {
        vm.assume(hashlock != 0);
        IHashedTimelock.Terms memory terms = termsOf(hashlock, 1 hours);
        terms.asset = IHashedTimelock.Asset(IHashedTimelock.AssetKind.Content, token, tokenId);

        vm.expectRevert(
            abi.encodeWithSelector(
                IHashedTimelock.HashedTimelock_AssetTokenMismatch.selector, IHashedTimelock.AssetKind.Content, token
            )
        );
        vm.prank(BUYER);
        payments.lock(terms);
    }

    function testFuzz_coinsGoToTheReceiverOrBackToTheSender(uint96 amount, bytes32 preimage, bool claims) public {
        vm.assume(amount != 0);
        vm.deal(BUYER, amount);
        IHashedTimelock.Terms memory terms = termsOf(sha256(abi.encode(preimage)), 1 hours);
        terms.asset.amountOrId = amount;
        vm.prank(BUYER);
        payments.lock{value: amount}(terms);

        if (claims) {
            payments.claim(terms, preimage);
        } else {
            vm.warp(terms.timelock);
            payments.refund(terms);
        }

        assertEq(SELLER.balance, claims ? amount : 0, "the receiver is paid if the lock is claimed");
        assertEq(BUYER.balance, claims ? 0 : amount, "the sender is paid if it is refunded");
    }

    function termsOf(bytes32 hashlock, uint256 duration) private view returns (IHashedTimelock.Terms memory terms) {
        terms.sender = BUYER;
        terms.receiver = SELLER;
        terms.hashlock = hashlock;
        terms.timelock = uint40(block.timestamp + duration);
    }
}
