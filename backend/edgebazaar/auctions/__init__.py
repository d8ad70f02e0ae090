"""Auctions of the vehicular metaverse."""
