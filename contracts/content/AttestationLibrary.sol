// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title AttestationLibrary
/// @notice What drawn providers answered, and how it is counted.
library AttestationLibrary {
    enum Answer {
        None,
        True,
        False
    }

    /// @dev What a drawn provider did, one word. The digest is of its commitment, then of the eight that it revealed:
    ///
    ///     248 bits digest | 8 answer
    struct Duty {
        Answer answer;
        bytes31 digest;
    }

    /// @notice What most of those that revealed agree on, and how many they are; the sample is small.
    function leading(mapping(address attester => Duty duty) storage duties, address[] calldata sample)
        internal
        view
        returns (Duty memory most, uint256 agreeing)
    {
        for (uint256 i; i < sample.length; ++i) {
            Duty memory duty = duties[sample[i]];
            if (duty.answer == Answer.None) continue;
            uint256 count;
            for (uint256 j; j < sample.length; ++j) {
                Duty memory other = duties[sample[j]];
                if (other.answer != Answer.None && other.digest == duty.digest) ++count;
            }
            if (count > agreeing) (most, agreeing) = (duty, count);
        }
    }
}
