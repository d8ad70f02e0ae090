// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev What a provider works on and answers for, one word that is never zero once it staked, so that no task fills it:
///
///     72 bits  | 72     | 72   | 16     | 16        | 8
///     previous | recent | open | window | openTasks | listed
///
/// Liabilities in gwei: of open tasks, of those settled in the dispute window of that index (modulo 2^16), and of those
/// settled in the window before. What was settled earlier can no longer be complained about.
type ProviderLoad is uint256;

using ProviderLoads for ProviderLoad global;

/// @title ProviderLoads
/// @notice Moves on {ProviderLoad}; all but {isListed} and {listed} want a load of the present window.
/// @dev Fields never run into each other, so nothing is checked here: a task takes away what it added when it was assigned, a provider has at most
/// its capacity of 16 bits in open tasks, and liabilities stay below a stake of 96 bits in wei, so 67 in gwei.
library ProviderLoads {
    uint256 private constant TASK = 1 << 8;
    uint256 private constant WINDOW_SHIFT = 24;
    uint256 private constant OPEN_SHIFT = 40;
    uint256 private constant RECENT_SHIFT = 112;
    uint256 private constant PREVIOUS_SHIFT = 184;
    /// @dev Listed, open tasks and their liability: what a new window leaves as it is.
    uint256 private constant LASTING = ((1 << RECENT_SHIFT) - 1) ^ (0xffff << WINDOW_SHIFT);

    /// @notice Whether the provider is on the list of those that ever staked.
    function isListed(ProviderLoad load) internal pure returns (bool) {
        return ProviderLoad.unwrap(load) != 0;
    }

    /// @notice Load of a provider that stakes for the first time.
    function listed() internal pure returns (ProviderLoad) {
        return ProviderLoad.wrap(1);
    }

    /// @notice The load as of a window. After 2^16 windows without a task an old liability counts once more, for two windows.
    function asOf(ProviderLoad load, uint256 window) internal pure returns (ProviderLoad) {
        uint256 word = ProviderLoad.unwrap(load);
        uint16 now_ = uint16(window);
        uint16 before = uint16(word >> WINDOW_SHIFT);
        if (now_ == before) return load;
        unchecked {
            uint256 previous = now_ - before == 1 ? uint72(word >> RECENT_SHIFT) : 0;
            return ProviderLoad.wrap(
                (word & LASTING) | (uint256(now_) << WINDOW_SHIFT) | (previous << PREVIOUS_SHIFT)
            );
        }
    }

    /// @notice A task more.
    function begun(ProviderLoad load, uint72 cover) internal pure returns (ProviderLoad) {
        unchecked {
            return ProviderLoad.wrap(ProviderLoad.unwrap(load) + TASK + (uint256(cover) << OPEN_SHIFT));
        }
    }

    /// @notice A task less, about which there is nothing to complain.
    function dropped(ProviderLoad load, uint72 cover) internal pure returns (ProviderLoad) {
        unchecked {
            return ProviderLoad.wrap(ProviderLoad.unwrap(load) - TASK - (uint256(cover) << OPEN_SHIFT));
        }
    }

    /// @notice A task less to work on, about which one may complain from now on.
    function retired(ProviderLoad load, uint72 cover) internal pure returns (ProviderLoad) {
        unchecked {
            return ProviderLoad.wrap(
                ProviderLoad.unwrap(dropped(load, cover)) + (uint256(cover) << RECENT_SHIFT)
            );
        }
    }

    /// @notice A settled task less to answer for.
    function answered(ProviderLoad load, uint72 cover, bool isRecent) internal pure returns (ProviderLoad) {
        uint256 shift = isRecent ? RECENT_SHIFT : PREVIOUS_SHIFT;
        unchecked {
            return ProviderLoad.wrap(ProviderLoad.unwrap(load) - (uint256(cover) << shift));
        }
    }

    /// @notice Tasks that the provider works on.
    function openTasks(ProviderLoad load) internal pure returns (uint16) {
        return uint16(ProviderLoad.unwrap(load) >> 8);
    }

    /// @notice All liabilities, in gwei.
    function liability(ProviderLoad load) internal pure returns (uint256) {
        uint256 word = ProviderLoad.unwrap(load);
        unchecked {
            return uint256(uint72(word >> OPEN_SHIFT)) + uint72(word >> RECENT_SHIFT) + (word >> PREVIOUS_SHIFT);
        }
    }
}
