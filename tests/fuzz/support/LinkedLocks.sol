// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IExchangePremiums} from "../../../contracts/exchange/IExchangePremiums.sol";
import {IHashedTimelock} from "../../../contracts/exchange/IHashedTimelock.sol";
import {MarketDeployment} from "./MarketDeployment.sol";

/// @title LinkedLocks
/// @notice Terms of two locks of coins that fit each other, and of the premiums on them.
abstract contract LinkedLocks is MarketDeployment {
    function exchangeOf(address leader, address follower, bytes32 preimage, uint256 duration)
        internal
        view
        returns (IHashedTimelock.Terms memory first, IHashedTimelock.Terms memory linked)
    {
        linked.sender = follower;
        linked.receiver = leader;
        linked.asset.amountOrId = 2 ether;
        linked.hashlock = hashlockOf(preimage);
        linked.timelock = uint40(block.timestamp + duration);

        first.sender = leader;
        first.receiver = follower;
        first.asset.amountOrId = 1 ether;
        first.hashlock = linked.hashlock;
        first.timelock = linked.timelock + SAFETY_MARGIN;
        first.expected = timelock.assetHash(linked.asset);
        linked.firstLock = timelock.idOf(first);
    }

    /// @dev A quarter of the linked lock's time to join, half of it to answer.
    function premiumsOf(
        IHashedTimelock.Terms memory first,
        IHashedTimelock.Terms memory linked,
        uint256 leaderPremium,
        uint256 followerPremium
    ) internal view returns (IExchangePremiums.Terms memory) {
        uint256 time = linked.timelock - block.timestamp;
        return IExchangePremiums.Terms({
            leader: first.sender,
            follower: first.receiver,
            leaderPremium: leaderPremium,
            followerPremium: followerPremium,
            firstLock: linked.firstLock,
            linkedLock: timelock.idOf(linked),
            joinUntil: uint40(block.timestamp + time / 4),
            answerUntil: uint40(block.timestamp + time / 2)
        });
    }
}
