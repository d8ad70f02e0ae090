"""The register of content: reads on the projection; calls that commit, register, transfer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from sqlalchemy import ColumnElement, Engine, select

from edgebazaar.addresses import checksum_address
from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.content.engine.records import merkle_proof, record_leaf
from edgebazaar.content.history import content_event
from edgebazaar.content.tables import content, content_commitment, content_preview
from edgebazaar.db import read_scope
from edgebazaar.db.paging import RowPage, row_page
from edgebazaar.errors import Conflict, Forbidden, InvalidInput, NotFound
from edgebazaar.values import (
    bytes_to_text,
    hash_key,
    parse_bytes,
    parse_bytes32,
    parse_text,
    parse_uint,
    to_hex,
)

Row = Mapping[str, Any]
Status = Literal["available", "challenged", "in_exchange", "removed"]
STATUSES: tuple[Status, ...] = ("available", "challenged", "in_exchange", "removed")
MAXIMUM_BATCH = 50
MAXIMUM_URI_BYTES = 256
MAXIMUM_ROYALTY_BPS = 1_000


def commitment_of(producer: str, content_hashes: Sequence[bytes], salt: bytes) -> bytes:
    """The commitment of ProofOfAIGC: keccak256(abi.encode(producer, contentHashes, salt))."""
    values = [producer, list(content_hashes), salt]
    return bytes(keccak(encode(["address", "bytes32[]", "bytes32"], values)))


def status_of(row: Row) -> Status:
    """What keeps a content from moving, the gravest first; `available` if nothing does."""
    if row["removed"]:
        return "removed"
    if row["challenged"] or row["disputed"]:
        return "challenged"
    return "in_exchange" if row["exchange"] else "available"


def record_of(row: Row) -> dict[str, Any]:
    """The Record of ProofOfAIGC for a row that :meth:`ContentService.content` returned."""
    return {
        "receipt": {
            "producer": row["producer"],
            "provider": row["provider"],
            "contentHash": row["content_hash"],
            "fingerprint": row["fingerprint"],
            "fingerprintScheme": row["fingerprint_scheme"],
            "promptCommitment": row["prompt_commitment"],
            "modelId": row["model_id"],
        },
        "royaltyBps": row["royalty_bps"],
        "committedBlock": row["committed_block"],
        "commitment": row["commitment"],
        "uri": bytes_to_text(row["uri"]),
        "proof": row["proof"],
    }


class ContentService:
    """Use cases of the register.

    Args:
        engine: Database engine.
        contracts: The deployed contracts.
    """

    def __init__(self, engine: Engine, contracts: ContractSet) -> None:
        self._engine = engine
        self._contracts = contracts

    # Reads

    def content(self, content_hash: str) -> Row:
        """One content, with the digest of its preview and the proof of its record.

        Raises:
            InvalidInput: If `content_hash` is no hash.
            NotFound: If no content of that hash is registered.
        """
        key = hash_key(content_hash, "content_hash")
        with read_scope(self._engine) as session:
            statement = _with_preview().where(content.c.content_hash == key)
            row = session.execute(statement).mappings().one_or_none()
            if row is None:
                raise NotFound("content", key, "Register it first, or wait until it is indexed")
            together = (
                select(content)
                .where(content.c.commitment == row["commitment"])
                .order_by(content.c.block_number, content.c.log_index)
            )
            batch = [dict(one) for one in session.execute(together).mappings()]
        index = [one["content_hash"] for one in batch].index(key)
        proof = merkle_proof([leaf_of(one) for one in batch], index)
        return {**row, "proof": [to_hex(one) for one in proof]}

    def contents(
        self,
        *,
        creator: str | None = None,
        owner: str | None = None,
        provider: str | None = None,
        status: str | None = None,
        newest_first: bool = True,
        limit: int = 50,
        after: str | None = None,
    ) -> RowPage:
        """Registered contents by time of registration.

        Raises:
            InvalidInput: For a malformed filter or cursor.
        """
        statement = _with_preview()
        filters = {"creator": creator, "owner": owner, "provider": provider}
        for name, account in filters.items():
            if account is not None:
                statement = statement.where(content.c[name] == checksum_address(account, name))
        if status is not None:
            statement = statement.where(_has_status(status))
        with read_scope(self._engine) as session:
            return row_page(
                session,
                statement,
                [content.c.block_number, content.c.log_index],
                limit=limit,
                after=after,
                descending=newest_first,
            )

    def by_hashes(self, content_hashes: Sequence[str]) -> dict[str, Row]:
        """Contents by their hashes; those that are not registered are left out."""
        statement = _with_preview().where(content.c.content_hash.in_(content_hashes))
        with read_scope(self._engine) as session:
            rows = session.execute(statement).mappings()
            return {row["content_hash"]: dict(row) for row in rows}

    def history(self, row: Row) -> list[Row]:
        """What happened to a content, from its commitment on, oldest first."""
        committed = select(content_commitment).where(
            content_commitment.c.commitment == row["commitment"]
        )
        happened = (
            select(content_event)
            .where(content_event.c.content_hash == row["content_hash"])
            .order_by(content_event.c.block_number, content_event.c.log_index)
        )
        with read_scope(self._engine) as session:
            commitments = [dict(found) for found in session.execute(committed).mappings()]
            events: list[Row] = [dict(found) for found in session.execute(happened).mappings()]
        details = {"commitment": row["commitment"]}
        return [*({**one, "kind": "committed", "details": details} for one in commitments), *events]

    def known_schemes(self) -> dict[int, int]:
        """Largest distance that counts as a copy, by fingerprint scheme, as deployed."""
        schemes: Mapping[str, Any] = self._contracts.deployment.profile["schemes"]
        return {int(scheme): int(distance) for scheme, distance in schemes.items()}

    # Calls

    def commit(self, producer: str, content_hashes: Sequence[str], salt: str) -> ContractCall:
        """The producer's call that fixes the priority of contents without showing them.

        Raises:
            InvalidInput: If there are no hashes, too many, a repeated, zero or registered one.
        """
        hashes = self._new_hashes(content_hashes, "content_hashes")
        commitment = commitment_of(producer, hashes, parse_bytes32(salt, "salt"))
        return ContractCall("ProofOfAIGC", "commit", (commitment,))

    def set_metadata_base(self, base: str) -> ContractCall:
        """The administrator's call that states where token metadata is served.

        Raises:
            InvalidInput: If `base` is neither empty nor an http(s) address without a final slash.
        """
        address = parse_text(base, "base", maximum_bytes=MAXIMUM_URI_BYTES)
        if address and (not address.startswith(("https://", "http://")) or address.endswith("/")):
            raise InvalidInput(
                "base", f"{address!r} is no address to build on", "Give https://host, or nothing"
            )
        return ContractCall("ProofOfAIGC", "setMetadataBase", (address,))

    def receipt(self, fields: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
        """The members of a Receipt for the provider to sign (EIP-712).

        Args:
            fields: producer, provider, content_hash, fingerprint, fingerprint_scheme,
                prompt_commitment and model_id.
            prefix: Path to these fields in the request, for errors.

        Raises:
            InvalidInput: For a malformed field or an unknown scheme.
        """
        scheme = parse_uint(
            fields["fingerprint_scheme"], f"{prefix}fingerprint_scheme", bits=32, unit="scheme"
        )
        known = self.known_schemes()
        if scheme not in known:
            raise InvalidInput(
                f"{prefix}fingerprint_scheme",
                f"{scheme} is unknown to the register",
                f"Use one of {', '.join(str(one) for one in sorted(known))}",
            )
        return {
            "producer": checksum_address(fields["producer"], f"{prefix}producer"),
            "provider": checksum_address(fields["provider"], f"{prefix}provider"),
            "contentHash": parse_bytes32(
                fields["content_hash"], f"{prefix}content_hash", zero_allowed=False
            ),
            "fingerprint": parse_bytes32(fields["fingerprint"], f"{prefix}fingerprint"),
            "fingerprintScheme": scheme,
            "promptCommitment": parse_bytes32(
                fields["prompt_commitment"], f"{prefix}prompt_commitment"
            ),
            "modelId": parse_bytes32(fields["model_id"], f"{prefix}model_id"),
        }

    def register(
        self, producer: str, registrations: Sequence[Mapping[str, Any]], salt: str
    ) -> ContractCall:
        """The producer's call that registers contents committed in an earlier block.

        Args:
            producer: Who registers.
            registrations: Items of receipt (as :meth:`receipt`), receipt_signature, royalty_bps
                and uri.
            salt: Of the commitment, 0x-hex.

        Raises:
            InvalidInput: For a malformed item.
            Conflict: If a content is registered already or these were never committed.
        """
        items = [
            self._registration(item, producer, f"registrations[{index}].")
            for index, item in enumerate(registrations)
        ]
        texts = [to_hex(item["receipt"]["contentHash"]) for item in items]
        hashes = self._new_hashes(texts, "registrations")
        salt_bytes = parse_bytes32(salt, "salt")
        commitment = to_hex(commitment_of(producer, hashes, salt_bytes))
        statement = select(content_commitment.c.commitment).where(
            content_commitment.c.commitment == commitment
        )
        with read_scope(self._engine) as session:
            if session.execute(statement).one_or_none() is None:
                raise Conflict(
                    f"there is no commitment {commitment} to these contents with this salt",
                    mend="Commit to exactly these hashes, in this order, in an earlier block.",
                    field="salt",
                )
        return ContractCall("ProofOfAIGC", "register", (items, salt_bytes))

    def transfer(self, owner: str, content_hash: str, to: str) -> ContractCall:
        """The owner's call that gives a content away.

        Raises:
            InvalidInput: If `to` is no address or the owner itself.
            Forbidden: If `owner` does not own it.
            Conflict: If it is removed, challenged or in an exchange.
        """
        row = self.content(content_hash)
        receiver = checksum_address(to, "to")
        if receiver == owner:
            raise InvalidInput("to", "is the owner already", "Name another account")
        self.require_free(row, owner)
        token_id = int(row["content_hash"], 16)
        return ContractCall("ProofOfAIGC", "transferFrom", (owner, receiver, token_id))

    def require_free(self, row: Row, owner: str) -> None:
        """Refuses a content that an account cannot move now.

        Raises:
            Forbidden: If it belongs to somebody else.
            Conflict: If it is removed, challenged or in an exchange.
        """
        if row["owner"] != owner.lower():
            raise Forbidden(
                f"content {row['content_hash']} belongs to {row['owner']}",
                mend="Sign in as its owner.",
                field="content_hash",
            )
        status = status_of(row)
        if status != "available":
            raise Conflict(
                f"content {row['content_hash']} is {status.replace('_', ' ')}",
                mend="Wait until its exchange or challenge ends; removed content never moves.",
                field="content_hash",
            )

    def _registration(self, item: Mapping[str, Any], producer: str, prefix: str) -> dict[str, Any]:
        receipt = self.receipt(item["receipt"], f"{prefix}receipt.")
        if receipt["producer"] != producer:
            raise InvalidInput(
                f"{prefix}receipt.producer",
                f"is {receipt['producer']}, not the signed-in {producer}",
                "Only the producer named in the receipt may register",
            )
        royalty = parse_uint(
            item["royalty_bps"], f"{prefix}royalty_bps", bits=16, unit="hundredths of a percent"
        )
        if royalty > MAXIMUM_ROYALTY_BPS:
            raise InvalidInput(
                f"{prefix}royalty_bps", f"{royalty} is too high", f"Give 0 to {MAXIMUM_ROYALTY_BPS}"
            )
        return {
            "receipt": receipt,
            "receiptSignature": parse_bytes(
                item["receipt_signature"], f"{prefix}receipt_signature"
            ),
            "royaltyBps": royalty,
            "uri": parse_text(item["uri"], f"{prefix}uri", maximum_bytes=MAXIMUM_URI_BYTES),
        }

    def _new_hashes(self, texts: Sequence[str], field: str) -> list[bytes]:
        if not 1 <= len(texts) <= MAXIMUM_BATCH:
            raise InvalidInput(
                field, f"has {len(texts)} items", f"Give 1 to {MAXIMUM_BATCH} at a time"
            )
        hashes = [
            parse_bytes32(text, f"{field}[{index}]", zero_allowed=False)
            for index, text in enumerate(texts)
        ]
        if len(set(hashes)) != len(hashes):
            raise InvalidInput(field, "repeats a content", "Name each content once")
        registered = self.by_hashes([to_hex(one) for one in hashes])
        for index, one in enumerate(hashes):
            if to_hex(one) in registered:
                raise Conflict(
                    f"content {to_hex(one)} is registered already",
                    mend="Equal content is registered once, by whoever came first.",
                    field=f"{field}[{index}]",
                )
        return hashes


def leaf_of(row: Row) -> bytes:
    """Leaf of a row's record in the tree of its commitment."""
    receipt = (
        row["producer"],
        row["provider"],
        bytes.fromhex(row["content_hash"][2:]),
        bytes.fromhex(row["fingerprint"][2:]),
        row["fingerprint_scheme"],
        bytes.fromhex(row["prompt_commitment"][2:]),
        bytes.fromhex(row["model_id"][2:]),
    )
    return record_leaf(receipt, row["royalty_bps"], row["uri"])


def _with_preview() -> Any:
    return select(content, content_preview.c.sha256.label("preview_sha256")).select_from(
        content.outerjoin(content_preview, content.c.content_hash == content_preview.c.content_hash)
    )


def _is_judged() -> ColumnElement[bool]:
    return content.c.challenged | content.c.disputed


def _has_status(status: str) -> ColumnElement[bool]:
    match status:
        case "removed":
            return content.c.removed
        case "challenged":
            return _is_judged() & ~content.c.removed
        case "in_exchange":
            return content.c.exchange.is_not(None) & ~content.c.removed & ~_is_judged()
        case "available":
            return content.c.exchange.is_(None) & ~content.c.removed & ~_is_judged()
        case _:
            known = ", ".join(STATUSES)
            raise InvalidInput("status", f"no status is called {status!r}", f"Use {known}")
