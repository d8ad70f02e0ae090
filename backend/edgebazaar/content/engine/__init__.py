"""Pure content functions: canonical bytes, fingerprints, search, generation, delivery."""
