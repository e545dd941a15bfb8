"""The private folder of files that are sold: each is named by what is in it, and no address leads into it."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from flask import current_app

from config import Settings
from storefront.catalog.media import beside_database

_PIECE: Final = 1024 * 1024
# The server in front may read them when it is of the shop's group; nobody else may.
_FILE_MODE: Final = 0o640
_FOLDER_MODE: Final = 0o750


@dataclass(frozen=True)
class Kept:
    """A file in the folder: its path below it, and what is in it."""

    path: str
    size: int
    sha256: str


def files_folder() -> Path:
    """Where they are: FILES_DIR, else a folder beside the database."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings.files_dir or beside_database("files")


def take_in(source: Path) -> Kept:
    """Copy a file into the folder. A half-written one is never found there; the same file twice is kept once."""
    folder = files_folder()
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    partial = folder / f".{secrets.token_hex(8)}.partial"
    try:
        kept = _copy(source, partial)
        target = folder / kept.path
        target.parent.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return kept


def _copy(source: Path, partial: Path) -> Kept:
    digest, size = hashlib.sha256(), 0
    with (
        source.open("rb") as old,
        os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE), "wb") as new,
    ):
        while piece := old.read(_PIECE):
            digest.update(piece)
            size += new.write(piece)
        _reach_disk(new)
    name = digest.hexdigest()
    return Kept(f"{name[:2]}/{name}", size, name)


def _reach_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
