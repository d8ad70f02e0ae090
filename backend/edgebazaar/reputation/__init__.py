"""Reputation of edge service providers from settled work."""
