"""The demo's processes: started together, kept up, and stopped together."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, Self

import click

from storefront.demo.plan import ROOT

LOOK_SECONDS: Final = 0.2
GRACE_SECONDS: Final = 15
TOO_OFTEN: Final = 5
LAST_WORDS: Final = 2000
PR_SET_PDEATHSIG: Final = 1


class Stopped(BaseException):
    """The demo was asked to end."""


@dataclass
class Member:
    """One process."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    deaths: list[float] = field(default_factory=list)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def has_died(self) -> bool:
        """Whether it was started and is no more."""
        return self.process is not None and self.process.poll() is not None


class Crew:
    """Starts members, starts those again that die, and stops all of them, the last one hired first."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._members: list[Member] = []

    def __enter__(self) -> Self:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, _stop)
        return self

    def __exit__(self, kind: type[BaseException] | None, _error: object, _where: TracebackType | None) -> bool:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        for member in reversed(self._members):
            _end(member)
        return kind is Stopped

    def hire(self, member: Member) -> None:
        """Start it."""
        self._members.append(member)
        self._start(member)

    def wait_until(self, is_so: Callable[[], bool], seconds: float, what: str) -> None:
        """Return when it is so; TimeoutError with the process's last words when it does not come to be."""
        deadline = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not start. {self._last_words(self._members[-1])}")
            self._look_after()
            time.sleep(LOOK_SECONDS)

    def keep_up(self) -> None:
        """Start again whoever dies, until told to stop."""
        while True:
            self._look_after()
            time.sleep(LOOK_SECONDS)

    def _look_after(self) -> None:
        for member in self._members:
            if member.has_died:
                self._start_again(member)

    def _start_again(self, member: Member) -> None:
        assert member.process is not None
        member.deaths = [then for then in member.deaths if then > time.monotonic() - 60] + [time.monotonic()]
        if len(member.deaths) > TOO_OFTEN:
            raise TimeoutError(f"{member.name} ends again and again. {self._last_words(member)}")
        _end_what_is_left(member.process)
        click.echo(f"{member.name} ended ({member.process.returncode}); starting it again", err=True)
        time.sleep(LOOK_SECONDS * len(member.deaths))
        self._start(member)

    def _start(self, member: Member) -> None:
        with self._log_of(member).open("ab") as log:
            member.process = subprocess.Popen(  # noqa: S603  our own commands
                member.command,
                env=dict(member.environment),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C is for us alone: we stop them in order
                preexec_fn=_end_with_parent,  # noqa: PLW1509  we have no threads
            )

    def _log_of(self, member: Member) -> Path:
        return self._logs / f"{member.name}.log"

    def _last_words(self, member: Member) -> str:
        log = self._log_of(member)
        words = log.read_text(errors="replace")[-LAST_WORDS:].strip()
        return f"It said last, in {log}:\n{words}" if words else f"It said nothing in {log}."


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped


def _end(member: Member) -> None:
    if member.process is None:
        return
    member.process.terminate()
    try:
        member.process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        member.process.kill()
        member.process.wait()
    _end_what_is_left(member.process)


def _end_what_is_left(process: "subprocess.Popen[bytes]") -> None:
    # Killed hard, a web server leaves its workers behind for a while, and they hold the port.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _end_with_parent() -> None:
    # On Linux nothing is left running when the demo itself is killed; elsewhere the processes would have to be ended by hand.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
