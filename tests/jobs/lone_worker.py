"""A worker in a process of its own, for tests to kill: `python -m tests.jobs.lone_worker FOLDER`, on DATABASE_URL.

Its one kind of work, `hang_once`, hangs for ever the first time it is done in FOLDER.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from storefront.core.jobs.queue import job
from storefront.core.jobs.worker import work_forever
from tests.apps import bare_app

folder = Path(sys.argv[1])


@job("hang_once")
def hang_once(name: str) -> None:
    """Note the start, hang the first time, note the end."""
    started = folder / f"{name}.started"
    first = not started.exists()
    started.touch()
    if first:
        threading.Event().wait()
    (folder / f"{name}.done").touch()


@job("note")
def note(name: str) -> None:
    """Note that it was done."""
    (folder / f"{name}.done").touch()


stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
with bare_app(os.environ["DATABASE_URL"], CLOCK_FILE=str(folder / "clock")) as app, app.app_context():
    work_forever(stop)
