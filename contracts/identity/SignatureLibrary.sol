// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title SignatureLibrary
/// @notice Signatures of key holders (ECDSA) and of contract wallets (ERC-1271).
/// @dev OpenZeppelin's SignatureChecker does the same, but does not compile for EVM `shanghai`.
library SignatureLibrary {
    /// @notice Whether `signature` is the signer's over `digest`.
    /// @dev A contract wallet's answer may change over time. One that answers with less than a word makes this revert.
    function isValid(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (signer.code.length == 0) {
            (address recovered, ECDSA.RecoverError problem,) = ECDSA.tryRecoverCalldata(digest, signature);
            return problem == ECDSA.RecoverError.NoError && recovered == signer;
        }
        try IERC1271(signer).isValidSignature(digest, signature) returns (bytes4 answer) {
            return answer == IERC1271.isValidSignature.selector;
        } catch {
            return false;
        }
    }
}
