"""Generated content: canonical form, fingerprints, generation and delivery."""
