"""What others need to check the contracts: published sources, and pages of block explorers."""
