"""Where a picture is found on the web."""

from flask import url_for

from storefront.catalog.media import PREFIX


def picture_url(path: str) -> str:
    """The address of a picture, by its path as the catalogue and orders know it."""
    if path.startswith(PREFIX):
        return url_for("browse.media", name=path.removeprefix(PREFIX))
    return url_for("static", filename=path)
