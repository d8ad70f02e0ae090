"""records by commitment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from edgebazaar.db import types

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None


OLD_COMMENT = (
    "Commitments to content; which one a registration used up is known to its sender only."
)
NEW_COMMENT = "Commitments to content; `content` names the one that its registration fulfilled."


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("content_commitment", schema=None) as batch_op:
        batch_op.create_table_comment(NEW_COMMENT, existing_comment=OLD_COMMENT)
    # The default serves rows of an older deployment, whose records nobody proves any more.
    with op.batch_alter_table("content", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "commitment",
                types.Bytes32(),
                nullable=False,
                server_default="0x" + "00" * 32,
                comment="which the registration fulfilled",
            )
        )
        batch_op.create_index(batch_op.f("ix_content_commitment"), ["commitment"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("content_commitment", schema=None) as batch_op:
        batch_op.create_table_comment(OLD_COMMENT, existing_comment=NEW_COMMENT)
    with op.batch_alter_table("content", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_content_commitment"))
        batch_op.drop_column("commitment")
