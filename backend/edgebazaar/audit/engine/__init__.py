"""Recomputation of everything that was computed off-chain, from what the chain holds."""
