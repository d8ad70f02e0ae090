"""Measurements of speed, scale and gas; each prints what it is compared with and the ratio."""
