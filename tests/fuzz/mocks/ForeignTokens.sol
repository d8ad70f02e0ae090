// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @notice A well-behaved ERC-20 that anybody may mint.
contract PlainToken is ERC20("Plain", "PLN") {
    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }
}

/// @notice Keeps a hundredth of every transfer.
contract FeeToken is ERC20("Fee", "FEE") {
    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        uint256 fee = from == address(0) || to == address(0) ? 0 : amount / 100 + 1;
        super._update(from, to, amount - fee);
        if (fee != 0) super._update(from, address(0), fee);
    }
}

/// @notice Pays out more than was asked for, so that an amount "received" by difference is too large.
contract GenerousToken is ERC20("Generous", "GEN") {
    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        _mint(to, 1);
        return super.transferFrom(from, to, amount);
    }
}

/// @notice Answers false in place of a revert, and moves nothing.
contract FalseToken is ERC20("False", "FLS") {
    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return false;
    }

    function transfer(address, uint256) public pure override returns (bool) {
        return false;
    }
}

/// @notice Works, but returns nothing, as some old tokens do.
contract SilentToken {
    mapping(address account => uint256 balance) public balanceOf;

    function mint(address account, uint256 amount) external {
        balanceOf[account] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }
}

/// @notice Calls a stored target in the middle of every transfer, before anything moves.
contract HookToken is ERC20("Hook", "HOK") {
    address private _target;
    bytes private _callData;
    bool private _entered;
    /// @notice Whether the last hook's call went through, and what it answered.
    bool public hookSucceeded;
    bytes public hookAnswer;

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function arm(address target, bytes calldata callData) external {
        (_target, _callData) = (target, callData);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (_target != address(0) && !_entered) {
            _entered = true;
            (hookSucceeded, hookAnswer) = _target.call(_callData);
            _entered = false;
        }
        super._update(from, to, amount);
    }
}

/// @notice A well-behaved ERC-721 that anybody may mint.
contract PlainNonFungible is ERC721("Plain", "PLN") {
    function mint(address account, uint256 tokenId) external {
        _mint(account, tokenId);
    }
}

/// @notice Says that transfers worked, and moves nothing.
contract StuckNonFungible is ERC721("Stuck", "STK") {
    function mint(address account, uint256 tokenId) external {
        _mint(account, tokenId);
    }

    function transferFrom(address, address, uint256) public pure override {}
}

/// @notice Has no receive function: refuses the native coin and safe transfers of ERC-721 tokens.
contract RefusingAccount {}

/// @notice Takes the native coin, but only with more gas than a capped send gives.
contract ThirstyAccount {
    uint256[] private _log;

    receive() external payable {
        for (uint256 i; i < 10; ++i) {
            _log.push(msg.value);
        }
    }
}

/// @notice On receiving the native coin, tries to take it again.
contract ReenteringAccount {
    address private _target;
    bytes private _callData;
    uint256 public attempts;
    uint256 public successes;

    function arm(address target, bytes calldata callData) external {
        (_target, _callData) = (target, callData);
    }

    receive() external payable {
        if (_target == address(0)) return;
        ++attempts;
        (bool success,) = _target.call(_callData);
        if (success) ++successes;
    }
}
