// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Calls what it is told to; the wallets below differ in what they do with coins.
contract Wallet {
    function perform(address target, bytes calldata data) public payable returns (bytes memory) {
        (bool done, bytes memory answer) = target.call{value: msg.value}(data);
        if (!done) {
            assembly {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        return answer;
    }
}

/// @notice Makes several calls in one transaction.
contract Batcher is Wallet {
    function performAll(address target, bytes[] calldata calls) external {
        for (uint256 i; i < calls.length; ++i) {
            perform(target, calls[i]);
        }
    }
}

/// @notice Accepts no coins until told to.
contract Refuser is Wallet {
    bool public accepting;

    function accept() external {
        accepting = true;
    }

    receive() external payable {
        require(accepting);
    }
}

/// @notice Needs more gas to accept coins than a send offers.
contract Burner is Wallet {
    uint256 public last;
    uint256 public beforeLast;

    receive() external payable {
        (last, beforeLast) = (block.number, last + msg.value);
    }
}

/// @notice Refuses every payment with a long answer, which costs whoever copies it.
contract Answerer is Wallet {
    receive() external payable {
        assembly {
            revert(0, 60000)
        }
    }
}

/// @notice Asks for its payment again while it is being paid.
contract Returner is Wallet {
    address public immutable payer;
    bool public refused;

    constructor(address payer_) {
        payer = payer_;
    }

    receive() external payable {
        (bool done,) = payer.call(abi.encodeWithSignature("withdraw(address)", address(this)));
        refused = !done;
    }
}

/// @notice Answers for one key holder (ERC-1271).
contract Signer is Wallet {
    address public immutable holder;

    constructor(address holder_) {
        holder = holder_;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        address recovered = ecrecover(
            digest, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64])
        );
        require(recovered != address(0));
        return recovered == holder ? this.isValidSignature.selector : bytes4(0xffffffff);
    }
}
