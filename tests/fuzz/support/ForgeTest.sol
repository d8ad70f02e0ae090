// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Vm
/// @notice The cheat codes of forge that these tests use.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function warp(uint256 timestamp) external;
    function roll(uint256 blockNumber) external;
    function deal(address account, uint256 balance) external;
    function etch(address target, bytes calldata code) external;
    function prank(address sender) external;
    function startPrank(address sender) external;
    function stopPrank() external;
    function assume(bool condition) external;
    function expectRevert() external;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata data) external;
    function addr(uint256 privateKey) external pure returns (address);
    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
}

/// @title ForgeTest
/// @notice Base of the fuzz and invariant tests: cheat codes, assertions with their values, bounded input.
abstract contract ForgeTest {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error NotTrue(string claim);
    error NotEqual(string claim, uint256 left, uint256 right);
    error NotAtMost(string claim, uint256 left, uint256 right);

    /// @dev Tells forge that this contract holds tests, as forge-std does.
    // solhint-disable-next-line func-name-mixedcase
    function IS_TEST() external pure returns (bool) {
        return true;
    }

    function assertTrue(bool holds, string memory claim) internal pure {
        if (!holds) revert NotTrue(claim);
    }

    function assertEq(uint256 left, uint256 right, string memory claim) internal pure {
        if (left != right) revert NotEqual(claim, left, right);
    }

    function assertEq(address left, address right, string memory claim) internal pure {
        assertEq(uint256(uint160(left)), uint256(uint160(right)), claim);
    }

    function assertEq(bytes32 left, bytes32 right, string memory claim) internal pure {
        assertEq(uint256(left), uint256(right), claim);
    }

    function assertLe(uint256 left, uint256 right, string memory claim) internal pure {
        if (left > right) revert NotAtMost(claim, left, right);
    }

    /// @notice `value` folded into [lowest, highest].
    function bound(uint256 value, uint256 lowest, uint256 highest) internal pure returns (uint256) {
        if (value >= lowest && value <= highest) return value;
        if (lowest == 0 && highest == type(uint256).max) return value;
        return lowest + value % (highest - lowest + 1);
    }
}
