// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IHashedTimelock} from "./IHashedTimelock.sol";

/// @title AssetTransfers
/// @notice Checks assets and moves foreign tokens in and out of custody.
/// @dev Foreign tokens are hostile: what came in is measured, never believed, and every function here is called after all
/// effects. A token that lies about its own balances can only harm those who lock that very token.
library AssetTransfers {
    using SafeERC20 for IERC20;

    /// @notice Refuses an asset that could not be paid out again.
    /// @dev The register is refused as a foreign token: content in custody would be stuck for good once it is removed.
    /// A chain for payments alone has no register; its locks refuse content.
    function requireWellFormed(
        IHashedTimelock.Asset calldata asset,
        IHashedTimelock.AssetKind kind,
        address registry,
        uint256 value
    ) internal view {
        address token = asset.token;
        uint256 amountOrId = asset.amountOrId;
        bool isTokenFit;
        if (kind == IHashedTimelock.AssetKind.Native) {
            isTokenFit = token == address(0);
        } else if (kind == IHashedTimelock.AssetKind.Content) {
            isTokenFit = token == registry && registry != address(0);
        } else {
            isTokenFit = token != registry && token.code.length != 0;
        }
        require(isTokenFit, IHashedTimelock.HashedTimelock_AssetTokenMismatch(kind, token));

        // Zero is a lawful id of a foreign token, and no amount of anything.
        require(
            amountOrId != 0 || kind == IHashedTimelock.AssetKind.ForeignNonFungible,
            IHashedTimelock.HashedTimelock_ZeroAmount()
        );

        uint256 requiredValue = kind == IHashedTimelock.AssetKind.Native ? amountOrId : 0;
        require(value == requiredValue, IHashedTimelock.HashedTimelock_ValueMismatch(value, requiredValue));
    }

    /// @notice Takes an ERC-20 amount into custody and reverts unless exactly that amount arrived.
    /// @dev Warning: the balance is read on both sides of a foreign call; the caller must exclude re-entry that moves it.
    function receiveToken(address token, address from, uint256 amount) internal {
        uint256 balanceBefore = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(from, address(this), amount);
        uint256 balanceAfter = IERC20(token).balanceOf(address(this));
        uint256 received = balanceAfter > balanceBefore ? balanceAfter - balanceBefore : 0;
        require(
            received == amount, IHashedTimelock.HashedTimelock_TransferAmountMismatch(token, received, amount)
        );
    }

    /// @notice Pays an ERC-20 amount out of custody.
    function sendToken(address token, address to, uint256 amount) internal {
        IERC20(token).safeTransfer(to, amount);
    }

    /// @notice Takes an ERC-721 into custody and reverts unless it arrived.
    function receiveNonFungible(address token, address from, uint256 tokenId) internal {
        IERC721(token).transferFrom(from, address(this), tokenId);
        require(
            IERC721(token).ownerOf(tokenId) == address(this),
            IHashedTimelock.HashedTimelock_TransferAmountMismatch(token, 0, 1)
        );
    }

    /// @notice Pays an ERC-721 out of custody.
    /// @dev Not by safeTransferFrom: a receiver that refuses its hook could neither be paid nor hold up the other side.
    function sendNonFungible(address token, address to, uint256 tokenId) internal {
        IERC721(token).transferFrom(address(this), to, tokenId);
    }
}
