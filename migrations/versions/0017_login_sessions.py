"""Sessions are rows: signing out ends one on the server, whoever holds a copy of its cookie.

Cookies of before stand for no row: everybody signs in once more. A cookie copied before would else go on.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

import storefront.core.database

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

MOMENT = storefront.core.database.AwareDateTime(timezone=True)
WHY = sa.Enum(
    "signed_out", "from_elsewhere", "everywhere", "password_changed", "replaced",
    name="sessionend", native_enum=False, create_constraint=False, length=32,
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "login_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("signed_in_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_why", WHY, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_login_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_sessions_token_hash")),
    )
    op.create_index(op.f("ix_login_sessions_user_id"), "login_sessions", ["user_id"])


def downgrade() -> None:
    op.drop_table("login_sessions")
