"""Where the shop's processes are born quickly: everything is imported once, and each process is a fork of that.

gunicorn and `flask worker` then start as in production, each building its own app, but in a tenth of a second instead
of two: so that killing them can be an everyday matter.
"""

import ctypes
import importlib
import json
import os
import pkgutil
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
PR_SET_PDEATHSIG: Final = 1
# Importing these does more than define things, or is of no use to the shop's own processes.
LEFT_OUT: Final = ("__main__", "storefront.sandbox", "storefront.demo.goods")


class Nursery:
    """The one who asks for processes."""

    def __init__(self, environment: Mapping[str, str], logs: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.faults.nursery", str(logs)],
            env=dict(environment),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"the nursery did not open; see {logs}")

    def bear(self, name: str, module: str, arguments: Sequence[str]) -> int:
        """Start `python -m module arguments`, in a process group of its own; its id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([name, module, list(arguments)]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """Its children end with it."""
        self._process.communicate("", timeout=10)


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
    with suppress(ProcessLookupError):
        if pid:  # 0 would be ourselves
            os.kill(pid, 0)
            return True
    return False


def die_with_parent(by: signal.Signals) -> None:
    """Be sent this signal when whoever started us is no more: nothing is left running. Linux alone does it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, by)


def children_of(pid: int) -> list[int]:
    """The processes it started, as Linux tells."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    return []


def _serve(logs: Path) -> None:
    _import_everything()
    signal.signal(signal.SIGCHLD, _bury)
    print("ready", flush=True)  # noqa: T201  said to the one who asks
    for line in sys.stdin:
        name, module, arguments = json.loads(line)
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            _live(logs / f"{name}.log", module, arguments)
        print(pid, flush=True)  # noqa: T201


def _import_everything() -> None:
    storefront = importlib.import_module("storefront")
    for found in pkgutil.walk_packages(storefront.__path__, "storefront."):
        if not found.name.endswith(LEFT_OUT[0]) and not found.name.startswith(LEFT_OUT[1:]):
            importlib.import_module(found.name)
    for name in ("gunicorn.app.wsgiapp", "gunicorn.workers.gthread", "flask.cli", "stripe", "psycopg", "dotenv"):
        importlib.import_module(name)


def _bury(_signal: int, _frame: FrameType | None) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _live(log: Path, module: str, arguments: list[str]) -> None:
    os.setpgid(0, 0)
    die_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing, file = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.argv = [module, *arguments]
    ended: Any = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        ended = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended if isinstance(ended, int) else 1)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
