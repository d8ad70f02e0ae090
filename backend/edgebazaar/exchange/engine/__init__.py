"""Pure rules of exchanges: the times of two chains, and what a watchtower has to do."""
