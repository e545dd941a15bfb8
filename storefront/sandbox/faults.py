"""Faults that a test asks for: slow answers, 500 before or after the effect, cut connections, 409, 429."""

import fnmatch
import itertools
import re
import threading
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from storefront.sandbox.errors import InvalidParameterError


class FaultKind(StrEnum):
    """What goes wrong; `before` and `after` are meant of the effect."""

    DELAY = "delay"
    DELAY_AFTER = "delay_after"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    CONFLICT = "conflict_409"
    RATE_LIMIT = "rate_limit_429"
    REFUSE = "refuse_400"
    DECLINE = "decline_402"
    FORBID = "forbid_403"


_numbers = itertools.count(1)


@dataclass
class Fault:
    """It strikes the `nth` matching request from now on, and `times - 1` after it."""

    kind: FaultKind
    verb: str = "*"
    path: str = "*"
    nth: int = 1
    times: int = 1
    seconds: float = 0.0
    code: str | None = None
    # Whether the 500 is what a retry with the same key gets again. None: yes after the effect, no before it.
    remembered: bool | None = None
    seen: int = 0
    struck: int = 0
    id: int = field(default_factory=lambda: next(_numbers))

    def strikes(self, verb: str, path: str) -> bool:
        if self.verb not in {"*", verb} or not _matches(self.path, path):
            return False
        self.seen += 1
        is_hit = self.nth <= self.seen < self.nth + self.times
        self.struck += is_hit
        return is_hit


class Faults:
    """The faults still to come, in memory: a restart forgets them."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, sent: dict[str, Any]) -> Fault:
        unknown = set(sent) - {"kind", "verb", "path", "nth", "times", "seconds", "code", "remembered"}
        if unknown or sent.get("kind") not in set(FaultKind):
            message = (
                f"A fault needs a kind ({', '.join(FaultKind)}); unknown: {', '.join(sorted(unknown)) or 'nothing'}."
            )
            raise InvalidParameterError(message)
        fault = Fault(**{**sent, "kind": FaultKind(sent["kind"]), "verb": str(sent.get("verb", "*")).upper()})
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def described(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._faults]

    def striking(self, verb: str, path: str) -> list[Fault]:
        """Every fault that strikes this request; each counts it once."""
        with self._lock:
            return [fault for fault in self._faults if fault.strikes(verb, path)]


def _matches(pattern: str, path: str) -> bool:
    """A glob, or a regular expression when it begins with `^`."""
    if pattern.startswith("^"):
        return re.search(pattern, path) is not None
    return fnmatch.fnmatchcase(path, pattern)
