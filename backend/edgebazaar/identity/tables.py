"""Members of the consortium as the Membership contract's events tell them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table

from edgebazaar.chain.indexer import IndexedEvent, ProjectionRegistry, ProjectionWriter
from edgebazaar.db import Address, Bytes32, metadata
from edgebazaar.db.event_columns import event_columns, event_stamp

member = Table(
    "member",
    metadata,
    Column("account", Address, primary_key=True),
    Column("roles", Integer, nullable=False, comment="bitmap of identity.roles.Role"),
    Column("admitted_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger, nullable=False, comment="0 while not revoked"),
    Column("certificate_hash", Bytes32, nullable=False),
    Column("administrator", Address, nullable=False, comment="who admitted or revoked last"),
    *event_columns(),
    comment="The present record of every account that was ever admitted.",
)

voucher = Table(
    "voucher",
    metadata,
    Column("serial", Bytes32, primary_key=True),
    Column("account", Address, nullable=False, index=True),
    *event_columns(),
    comment="Admission vouchers that were used; a serial admits once.",
)


def project(event: IndexedEvent, writer: ProjectionWriter) -> None:
    """Applies one event of Membership; ownership events change no member."""
    arguments = event.arguments
    match event.event:
        case "MemberAdmitted":
            writer.upsert(
                member,
                {
                    "account": arguments["account"].lower(),
                    "roles": arguments["roles"],
                    "admitted_at": arguments["admittedAt"],
                    "expires_at": arguments["expiresAt"],
                    "revoked_at": 0,
                    "certificate_hash": arguments["certificateHash"],
                    "administrator": arguments["administrator"],
                    **event_stamp(event),
                },
            )
        case "MemberRevoked":
            writer.update(
                member,
                arguments["account"].lower(),
                {
                    "revoked_at": arguments["revokedAt"],
                    "administrator": arguments["administrator"],
                    **event_stamp(event),
                },
            )
        case "VoucherUsed":
            writer.insert(
                voucher,
                {
                    "serial": arguments["serial"],
                    "account": arguments["account"],
                    **event_stamp(event),
                },
            )


def register(registry: ProjectionRegistry) -> None:
    """Hands this capability's projections to the indexer."""
    registry.register("Membership", project, tables=[member, voucher])
