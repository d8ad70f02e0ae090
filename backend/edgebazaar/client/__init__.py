"""Python client of the REST API: signs with the user's own key, which never leaves the process."""

from edgebazaar.client.client import ApiProblem, EdgeBazaarClient, TransactionFailed

__all__ = ["ApiProblem", "EdgeBazaarClient", "TransactionFailed"]
