"""Hashed-timelock exchange of funds, content and ownership."""
