"""EdgeBazaar: a ledger and marketplace for AI-generated content and edge AI services."""
