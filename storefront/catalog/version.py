"""The catalogue's version: one number that changes whenever something that shows has changed.

It is the ETag of browsing pages and the key of what is kept of them.
"""

from sqlalchemy import select, update

from storefront.catalog.models import CatalogueVersion
from storefront.database import current_session


def catalogue_version() -> int:
    """The number pages of now are drawn from."""
    return current_session().scalars(select(CatalogueVersion.version)).one()


def raise_version() -> None:
    """Say, inside the transaction that changes it, that what shows is another.

    Call it last: every other change that shows waits for this row.
    """
    current_session().execute(
        update(CatalogueVersion)
        .values(version=CatalogueVersion.version + 1)
        .execution_options(synchronize_session=False)
    )
