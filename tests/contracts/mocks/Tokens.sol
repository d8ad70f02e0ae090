// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The part of an ERC-20 that a lock uses.
contract PlainCoin {
    mapping(address account => uint256 balance) public balanceOf;
    mapping(address account => mapping(address spender => uint256 amount)) public allowance;

    function mint(address account, uint256 amount) external {
        balanceOf[account] += amount;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}

/// @notice The part of an ERC-721 that a lock uses.
contract PlainDeed {
    mapping(uint256 tokenId => address owner) public ownerOf;
    mapping(address owner => mapping(address operator => bool approved)) public isApprovedForAll;

    function mint(address account, uint256 tokenId) external {
        ownerOf[tokenId] = account;
    }

    function setApprovalForAll(address operator, bool approved) external {
        isApprovedForAll[msg.sender][operator] = approved;
    }

    function transferFrom(address from, address to, uint256 tokenId) external {
        require(ownerOf[tokenId] == from && (msg.sender == from || isApprovedForAll[from][msg.sender]));
        ownerOf[tokenId] = to;
    }
}
