"""A process that does one thing and may not survive it: forked from one that has everything imported and no database open."""

import faulthandler
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from storefront.extensions import db
from storefront.stripe import client as stripe_line
from tools.crashes.steps import NOWHERE, Steps, count_statements, count_stripe
from tools.faults.nursery import die_with_parent
from tools.faults.stack import Stack

# Who hangs is ended, by another signal than the one that is waited for, and says where it hung.
LONGEST_LIFE: Final = 120


@dataclass(frozen=True)
class Ended:
    """What it did, step by step, and how it ended: killed, or with an exit code."""

    steps: list[str]
    killed: bool
    code: int
    moment: float


def live(stack: Stack, act: Callable[[], None], deadly: int = NOWHERE) -> Ended:
    """Do this in a process of its own, which is killed at the step `deadly`."""
    forget_lines(stack)
    reading, writing = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _live(stack, act, Steps(writing, deadly))
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as told:
        steps = told.read().splitlines()
    _, status = os.waitpid(pid, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    return Ended(steps, killed, -1 if killed else os.waitstatus_to_exitcode(status), time.time())


def forget_lines(stack: Stack) -> None:
    """No database and no Stripe is connected: lines cannot be shared with a child."""
    with stack.app.app_context():
        db.engine.dispose()
    stripe_line.init_stripe(stack.app, stack.app.config["SETTINGS"])


def _live(stack: Stack, act: Callable[[], None], steps: Steps) -> None:
    code = 1
    try:
        die_with_parent(signal.SIGKILL)
        faulthandler.register(signal.SIGALRM, chain=True)
        signal.alarm(LONGEST_LIFE)
        with stack.app.app_context():
            count_statements(db.engine, steps)
        count_stripe(steps)
        act()
        code = 0
    except BaseException:  # noqa: BLE001  whatever it is: this process must not go on as its parent
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
