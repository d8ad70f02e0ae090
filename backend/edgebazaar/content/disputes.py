"""Disputes about declared fingerprints: reads on the projection, calls of every party."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from sqlalchemy import Engine, select

from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.content.dispute_tables import STATES, content_dispute
from edgebazaar.content.service import MAXIMUM_URI_BYTES, ContentService, record_of
from edgebazaar.db import read_scope
from edgebazaar.db.paging import RowPage, row_page
from edgebazaar.db.rows import one_row
from edgebazaar.errors import Conflict, Forbidden, InvalidInput
from edgebazaar.values import hash_key, parse_bytes32, parse_text, require_state

Row = Mapping[str, Any]
CONTRACT = "FingerprintDisputes"
VARIANTS = 8
"""Turns and mirrorings of an image, the image itself among them."""


def attestation_of(
    dispute_id: bytes, attester: str, fingerprints: Sequence[bytes], salt: bytes
) -> bytes:
    """What an attester commits to, as FingerprintDisputes hashes it."""
    types = ["bytes32", "address", "bytes32[8]", "bytes32"]
    return keccak(encode(types, [dispute_id, attester, list(fingerprints), salt]))


def terms_of(row: Row) -> dict[str, Any]:
    """The terms of a dispute as callers pass them back."""
    return {
        "tokenId": int(row["content_hash"], 16),
        "fingerprint": row["fingerprint"],
        "provider": row["provider"],
        "asserter": row["asserter"],
        "attempt": row["attempt"],
    }


class DisputeService:
    """Use cases of disputes.

    Args:
        engine: Database engine.
        contracts: The deployed contracts.
    """

    def __init__(self, engine: Engine, contracts: ContractSet) -> None:
        self._engine = engine
        self._contents = ContentService(engine, contracts)
        self._bond = int(contracts.deployment.profile["fingerprint_disputes"]["bond"])

    def dispute(self, dispute_id: str) -> Row:
        """One dispute.

        Raises:
            InvalidInput: If `dispute_id` is no id.
            NotFound: If there is none.
        """
        key = hash_key(dispute_id, "dispute_id")
        with read_scope(self._engine) as session:
            return one_row(session, content_dispute.c.dispute_id, key, "dispute")

    def disputes(
        self,
        *,
        state: str | None = None,
        content_hash: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> RowPage:
        """Disputes, newest first.

        Raises:
            InvalidInput: For a malformed filter or cursor.
        """
        table = content_dispute
        statement = select(table)
        if state is not None:
            require_state(state, STATES)
            statement = statement.where(table.c.state == state)
        if content_hash is not None:
            key = hash_key(content_hash, "content")
            statement = statement.where(table.c.content_hash == key)
        with read_scope(self._engine) as session:
            order = [table.c.block_number, table.c.log_index]
            return row_page(session, statement, order, limit=limit, after=after)

    def open(self, asserter: str, content_hash: str, locator: str) -> ContractCall:
        """The call that pledges the bond against a declared fingerprint.

        Raises:
            InvalidInput: For a malformed hash or locator.
            NotFound: If no such content is registered.
            Forbidden: If the asserter signed the receipt itself.
            Conflict: If it is removed already.
        """
        row = self._contents.content(content_hash)
        text = parse_text(locator, "locator", maximum_bytes=MAXIMUM_URI_BYTES)
        if row["provider"] == asserter.lower():
            raise Forbidden(
                f"{asserter} signed this fingerprint itself",
                mend="Only another member may assert that it is false.",
                field="content_hash",
            )
        if row["removed"]:
            raise Conflict("the content is removed already", field="content_hash")
        return ContractCall(CONTRACT, "open", (record_of(row), text), value=self._bond)

    def draw(self, dispute_id: str) -> ContractCall:
        """Anybody's call that draws who has to attest."""
        return ContractCall(CONTRACT, "draw", (terms_of(self._in_state(dispute_id, "open")),))

    def commit(
        self, attester: str, dispute_id: str, fingerprints: Sequence[str], salt: str
    ) -> ContractCall:
        """A drawn provider's call that commits to what it will reveal.

        Raises:
            InvalidInput: Unless there are eight fingerprints and a salt.
            Forbidden: If the attester is not drawn.
        """
        row = self._in_state(dispute_id, "drawn")
        if attester not in row["sample"]:
            raise Forbidden(f"{attester} is not drawn", mend="Only the drawn attest.")
        key = bytes.fromhex(row["dispute_id"][2:])
        words, salt_word = _words(fingerprints), parse_bytes32(salt, "salt")
        commitment = attestation_of(key, attester, words, salt_word)
        return ContractCall(CONTRACT, "commit", (terms_of(row), row["sample"], commitment))

    def reveal(self, dispute_id: str, fingerprints: Sequence[str], salt: str) -> ContractCall:
        """A drawn provider's call that shows what it committed to, from the same values.

        Raises:
            InvalidInput: Unless there are eight fingerprints and a salt.
        """
        row = self._in_state(dispute_id, "drawn")
        arguments = (terms_of(row), _words(fingerprints), parse_bytes32(salt, "salt"))
        return ContractCall(CONTRACT, "reveal", arguments)

    def settle(self, dispute_id: str) -> ContractCall:
        """Anybody's call that counts the attestations and pays everybody."""
        row = self._in_state(dispute_id, "drawn")
        return ContractCall(CONTRACT, "settle", (terms_of(row), row["sample"]))

    def _in_state(self, dispute_id: str, state: str) -> Row:
        row = self.dispute(dispute_id)
        if row["state"] != state:
            raise Conflict(f"dispute {row['dispute_id']} is {row['state']}, not {state}")
        return row


def _words(fingerprints: Sequence[str]) -> list[bytes]:
    if len(fingerprints) != VARIANTS:
        raise InvalidInput(
            "fingerprints",
            f"has {len(fingerprints)} items",
            f"Give {VARIANTS}: of the content itself first, then of its turns and mirrorings",
        )
    return [parse_bytes32(one, f"fingerprints[{index}]") for index, one in enumerate(fingerprints)]
