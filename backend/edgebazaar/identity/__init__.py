"""Who takes part: membership with roles on chain, and Sign-In with Ethereum sessions."""
