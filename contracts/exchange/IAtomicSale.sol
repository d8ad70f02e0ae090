// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title IAtomicSale
/// @notice Sale of registered content on one chain: the buyer opens with the price, the seller settles ownership, price,
/// royalty and preimage in one transaction. The seller may sell elsewhere meanwhile; the buyer is refunded from the timelock on.
interface IAtomicSale {
    enum State {
        None,
        Open,
        Settled,
        Refunded
    }

    /// @notice The terms of a sale.
    /// @param buyer Who pays and receives the content.
    /// @param seller Owner of the content; only the seller settles.
    /// @param tokenId The content.
    /// @param price Price in wei, royalty included.
    /// @param hashlock sha256 of the 32-byte preimage, the key of the delivered content.
    /// @param timelock First second of refund, end of settlement.
    struct Terms {
        address buyer;
        address seller;
        uint256 tokenId;
        uint256 price;
        bytes32 hashlock;
        uint40 timelock;
    }

    event SaleOpened(bytes32 indexed saleId, address indexed buyer, Terms terms);
    event SaleSettled(bytes32 indexed saleId, bytes32 preimage, address royaltyReceiver, uint256 royalty, uint256 paidToSeller);
    event SaleRefunded(bytes32 indexed saleId, address caller);

    error AtomicSale_BuyerMismatch(address caller, address buyer);
    error AtomicSale_SellerMismatch(address caller, address seller);
    error AtomicSale_SellerIsBuyer(address account);
    error AtomicSale_ZeroHashlock();
    error AtomicSale_ZeroPrice();
    error AtomicSale_ValueMismatch(uint256 sent, uint256 required);
    error AtomicSale_TimelockInPast(uint40 timelock, uint256 blockTimestamp);
    error AtomicSale_AlreadyExists(bytes32 saleId, State state);
    error AtomicSale_NotOpen(bytes32 saleId, State state);
    error AtomicSale_WrongPreimage(bytes32 saleId);
    error AtomicSale_TimelockReached(uint40 timelock, uint256 blockTimestamp);
    error AtomicSale_TimelockNotReached(uint40 timelock, uint256 blockTimestamp);

    /// @notice Pays the price into escrow.
    /// @dev Requirements: caller is an active member and the buyer; the seller is another account; price and hashlock not
    /// zero; value equals the price; timelock ahead. Whether the seller owns the content is asked when it settles.
    function open(Terms calldata terms) external payable returns (bytes32 saleId);

    /// @notice Delivers content and preimage and pays the seller; a positive interaction of buyer with seller is recorded.
    /// @dev Requirements: caller is the seller; sale open; before the timelock; preimage matches; content free to move.
    function settle(Terms calldata terms, bytes32 preimage) external;

    /// @notice Pays the buyer back; callable by anyone from the timelock on, or at once when the content was removed.
    function refund(Terms calldata terms) external;

    /// @notice State of a sale.
    function stateOf(bytes32 saleId) external view returns (State);

    /// @notice Id of a sale: hash of chain, contract and terms.
    function idOf(Terms calldata terms) external view returns (bytes32);
}
