"""Links to the files of an order."""

from flask import url_for

from storefront.digital import links


def fresh_link(grant_id: int) -> str:
    """The address of one file, good for a day: only for who may have it."""
    return url_for("downloads.fetch", token=links.to_file(grant_id))
