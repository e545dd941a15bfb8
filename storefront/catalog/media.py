"""The media folder: pictures the shop got from elsewhere, beside its database."""

from pathlib import Path

from flask import current_app
from sqlalchemy import URL

from storefront.core.database import current_session

PREFIX = "media/"


def media_folder() -> Path:
    """Where media files are."""
    return beside_database("media")


def beside_database(name: str) -> Path:
    """A folder of the shop's own: beside an SQLite database, else in the instance folder."""
    return folder_beside(current_session().get_bind().engine.url, name)


def folder_beside(database: URL, name: str) -> Path:
    """Where that folder is for a shop on this database."""
    path = database.database
    if database.get_backend_name() == "sqlite" and path and path != ":memory:":
        return Path(path).parent / name
    return Path(current_app.instance_path) / name


def save_picture(name: str, content: bytes) -> str:
    """Write a file into the media folder; returns its path as pictures know it. A half-written one is never seen."""
    target = media_folder() / name
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    partial.write_bytes(content)
    partial.replace(target)
    return PREFIX + name
