"""`python -m edgebazaar`."""

from edgebazaar.cli import main

main()
