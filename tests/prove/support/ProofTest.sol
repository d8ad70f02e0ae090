// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Vm
/// @notice The cheat codes of forge that halmos answers.
interface Vm {
    function assume(bool condition) external;
    function deal(address account, uint256 balance) external;
    function prank(address sender) external;
    function warp(uint256 timestamp) external;
}

/// @title Symbolic
/// @notice The cheat codes of halmos itself.
interface Symbolic {
    /// @notice Lets every storage slot of a contract hold any value.
    function enableSymbolicStorage(address target) external;
}

/// @title ProofTest
/// @notice Base of the proofs: every parameter of a `check_` function stands for all of its values at once.
abstract contract ProofTest {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    Symbolic internal constant symbolic = Symbolic(address(uint160(uint256(keccak256("svm cheat code")))));
    /// @dev No account of the proofs, so that nothing is relayed.
    address internal constant FORWARDER = address(0xF0);
}
