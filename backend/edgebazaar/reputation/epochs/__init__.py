"""Reputation epochs: publication, proofs, disputes and what selections are checked against."""
