"""The words that products are found by: FTS5 on SQLite, a tsvector with a GIN index on Postgres.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A virtual table has no foreign keys: the trigger does for it what ON DELETE CASCADE does on Postgres. Whoever rebuilds
# search_entries (a batch migration) drops the trigger with it and has to make it again.
ON_SQLITE = (
    """
    CREATE VIRTUAL TABLE search_index USING fts5(
        title, named, described, tokenize = 'ascii', detail = 'column', columnsize = 0, prefix = '2 3'
    )
    """,
    """
    CREATE TRIGGER search_entries_take_their_words AFTER DELETE ON search_entries
    BEGIN
        DELETE FROM search_index WHERE rowid = old.product_id;
    END
    """,
)
ON_POSTGRES = (
    """
    CREATE TABLE search_index (
        product_id integer NOT NULL CONSTRAINT pk_search_index PRIMARY KEY
            CONSTRAINT fk_search_index_product_id REFERENCES search_entries (product_id) ON DELETE CASCADE,
        document tsvector NOT NULL
    )
    """,
    "CREATE INDEX ix_search_index_document ON search_index USING gin (document)",
)


def upgrade() -> None:
    for statement in ON_SQLITE if op.get_bind().dialect.name == "sqlite" else ON_POSTGRES:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER search_entries_take_their_words")
    op.execute("DROP TABLE search_index")
