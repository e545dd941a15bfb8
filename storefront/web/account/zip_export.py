"""A customer's data as a ZIP, made while it is being sent: JSON for machines, one page for people."""

import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from flask import render_template

_STYLE: Final = Path(__file__).with_name("export.css")


class _Outlet(io.RawIOBase):
    """Takes what the ZIP writes until somebody fetches it; there is no going back in it."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, some: Any) -> int:
        self._written += some
        return len(some)

    def fetch(self) -> bytes:
        written = bytes(self._written)
        self._written.clear()
        return written


def zip_of(parts: Iterable[tuple[str, Any]], made_at: dt.datetime) -> Iterator[bytes]:
    """The ZIP piece by piece: a JSON file for each part, and index.html with all of them."""
    outlet, known = _Outlet(), []
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, facts in parts:
            known.append((name, facts))
            archive.writestr(f"{name}.json", json.dumps(facts, ensure_ascii=False, indent=2, default=_plain))
            yield outlet.fetch()
        archive.writestr("style.css", _STYLE.read_bytes())
        page = render_template("account/taken_along.html", parts=known, made_at=made_at)
        archive.writestr("index.html", page.lstrip())
        yield outlet.fetch()
    yield outlet.fetch()


def _plain(value: Any) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
