"""The demo's folder: its database, the sandbox's state, its secrets. Kept between runs."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class TakenError(Exception):
    """Another demo runs on this folder."""


@dataclass(frozen=True)
class DemoFolder:
    """Where everything of one demo shop is."""

    path: Path

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator["DemoFolder"]:
        """This folder, made if missing, and nobody else's as long as the block lasts."""
        folder = cls(path.absolute())
        folder.logs.mkdir(parents=True, exist_ok=True)
        with (folder.path / "demo.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TakenError(f"A demo runs on {path} already. Another one: bin/demo --data DIR") from None
            yield folder

    @property
    def database(self) -> Path:
        """The shop's."""
        return self.path / "shop.db"

    @property
    def sandbox(self) -> Path:
        """All that the stand-in for Stripe remembers."""
        return self.path / "sandbox.db"

    @property
    def clock(self) -> Path:
        """Write `+7200` into it, and it is two hours later for shop and sandbox."""
        return self.path / "clock"

    @property
    def logs(self) -> Path:
        """What the processes say."""
        return self.path / "log"

    def secret(self, name: str, prefix: str = "") -> str:
        """A random secret of this name, the same each time."""
        return str(self.recall(name) or self.remember(name, prefix + secrets.token_hex(24)))

    def recall(self, name: str) -> str | int | None:
        """What was remembered by this name."""
        known: str | int | None = self._known().get(name)
        return known

    def remember(self, name: str, value: str | int) -> str | int:
        """Keep a value for the next run."""
        kept = self._known() | {name: value}
        new = self._notes.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(kept, file, indent=2)
        new.replace(self._notes)
        return value

    @property
    def _notes(self) -> Path:
        return self.path / "demo.json"

    def _known(self) -> dict[str, str | int]:
        known: dict[str, str | int] = json.loads(self._notes.read_text()) if self._notes.exists() else {}
        return known
