"""Recomputation of every off-chain result from what the chain holds."""
