"""EdgeBazaar: a permissioned ledger and marketplace for AI-generated content and edge AI services."""
