// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IProofOfAIGC} from "../content/IProofOfAIGC.sol";
import {MemberContext} from "../identity/MemberContext.sol";
import {IPayouts} from "../payments/IPayouts.sol";
import {Payments} from "../payments/Payments.sol";
import {IReputationLedger} from "../reputation/IReputationLedger.sol";
import {IAtomicSale} from "./IAtomicSale.sol";

/// @title AtomicSale
/// @notice Sale of registered content in two transactions, see {IAtomicSale}.
contract AtomicSale is IAtomicSale, MemberContext {
    /// @notice The register whose content is sold.
    IProofOfAIGC public immutable registry;
    /// @notice Where coins go that their owner did not accept.
    IPayouts public immutable payouts;
    /// @notice Where settled sales are recorded.
    IReputationLedger public immutable ledger;

    mapping(bytes32 saleId => State state) private _states;

    constructor(address membership_, address forwarder, address registry_, address payouts_, address ledger_)
        MemberContext(membership_, forwarder)
    {
        registry = IProofOfAIGC(registry_);
        payouts = IPayouts(payouts_);
        ledger = IReputationLedger(ledger_);
    }

    /* SALE */

    /// @inheritdoc IAtomicSale
    function open(Terms calldata terms) external payable returns (bytes32 saleId) {
        // Check: the caller buys for itself, and the terms can be fulfilled and are new.
        address caller = _msgSender();
        membership.requireActive(caller);
        require(terms.buyer == caller, AtomicSale_BuyerMismatch(caller, terms.buyer));
        require(terms.seller != caller, AtomicSale_SellerIsBuyer(caller));
        require(terms.hashlock != 0, AtomicSale_ZeroHashlock());
        uint256 price = terms.price;
        require(price != 0, AtomicSale_ZeroPrice());
        require(msg.value == price, AtomicSale_ValueMismatch(msg.value, price));
        uint40 timelock = terms.timelock;
        require(timelock > block.timestamp, AtomicSale_TimelockInPast(timelock, block.timestamp));
        saleId = _idOf(terms);
        State state = _states[saleId];
        require(state == State.None, AtomicSale_AlreadyExists(saleId, state));

        // Effect: the sale is open; the price has come with the call.
        _states[saleId] = State.Open;
        emit SaleOpened(saleId, caller, terms);
    }

    /// @inheritdoc IAtomicSale
    function settle(Terms calldata terms, bytes32 preimage) external {
        // Check: the caller sells, the sale is open, its time has not run out, the preimage is the promised one.
        address caller = _msgSender();
        require(terms.seller == caller, AtomicSale_SellerMismatch(caller, terms.seller));
        bytes32 saleId = _requireOpen(terms);
        require(block.timestamp < terms.timelock, AtomicSale_TimelockReached(terms.timelock, block.timestamp));
        require(sha256(abi.encode(preimage)) == terms.hashlock, AtomicSale_WrongPreimage(saleId));
        (address royaltyReceiver, uint256 royalty) = _royaltyOf(terms);
        uint256 paidToSeller = terms.price - royalty;

        // Effect: the sale is settled for good.
        _states[saleId] = State.Settled;
        emit SaleSettled(saleId, preimage, royaltyReceiver, royalty, paidToSeller);

        // Interaction: move the content (refused unless it is the seller's and free), record the trade, pay.
        registry.moveInSale(terms.tokenId, terms.seller, terms.buyer);
        ledger.record(terms.buyer, terms.seller, true, saleId);
        Payments.payOrCredit(payouts, royaltyReceiver, royalty);
        Payments.payCaller(caller, paidToSeller);
    }

    /// @inheritdoc IAtomicSale
    function refund(Terms calldata terms) external {
        // Check: the sale is open, and either its time has run out or its content is gone.
        bytes32 saleId = _requireOpen(terms);
        require(
            block.timestamp >= terms.timelock || registry.statusOf(terms.tokenId).removed,
            AtomicSale_TimelockNotReached(terms.timelock, block.timestamp)
        );

        // Effect: the sale is refunded for good.
        _states[saleId] = State.Refunded;
        address caller = _msgSender();
        emit SaleRefunded(saleId, caller);

        // Interaction: pay the buyer back, whoever calls.
        if (caller == terms.buyer) Payments.payCaller(caller, terms.price);
        else Payments.payOrCredit(payouts, terms.buyer, terms.price);
    }

    /* VIEWS */

    /// @inheritdoc IAtomicSale
    function stateOf(bytes32 saleId) external view returns (State) {
        return _states[saleId];
    }

    /// @inheritdoc IAtomicSale
    function idOf(Terms calldata terms) external view returns (bytes32) {
        return _idOf(terms);
    }

    /* INTERNAL */

    /// @dev A creator that sells its own content pays no royalty to itself.
    function _royaltyOf(Terms calldata terms) private view returns (address receiver, uint256 royalty) {
        (receiver, royalty) = IERC2981(address(registry)).royaltyInfo(terms.tokenId, terms.price);
        if (receiver == terms.seller || receiver == address(0)) return (address(0), 0);
    }

    function _requireOpen(Terms calldata terms) private view returns (bytes32 saleId) {
        saleId = _idOf(terms);
        State state = _states[saleId];
        require(state == State.Open, AtomicSale_NotOpen(saleId, state));
    }

    function _idOf(Terms calldata terms) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), terms));
    }
}
