// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC2771Forwarder} from "@openzeppelin/contracts/metatx/ERC2771Forwarder.sol";

/// @title TrustedForwarder
/// @notice Executes calls that members signed (EIP-712) and somebody else submits and pays for (ERC-2771).
/// @dev Every contract of the set trusts this one to state the signer; it cannot be replaced.
contract TrustedForwarder is ERC2771Forwarder("EdgeBazaar") {}
