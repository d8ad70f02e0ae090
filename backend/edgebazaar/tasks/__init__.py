"""Tasks between producers and edge service providers."""
