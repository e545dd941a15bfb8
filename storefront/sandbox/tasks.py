"""What Stripe does by itself a moment after an answer: settle, fail a refund, warn of fraud."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document

if TYPE_CHECKING:
    from storefront.sandbox.sandbox import Sandbox

Task = Callable[[Call, Document], None]
_TASKS: dict[str, Task] = {}
_HOLD = "hold_tasks"
_GLANCE_SECONDS = 0.5


def task(name: str) -> Callable[[Task], Task]:
    def register(run: Task) -> Task:
        _TASKS[name] = run
        return run

    return register


class Tasks:
    """A queue in the state file, so that a restart loses none; tests may hold it and let it run."""

    def __init__(self, sandbox: "Sandbox", delay_seconds: float) -> None:
        self._sandbox = sandbox
        self._delay = delay_seconds

    def plan(self, name: str, object_id: str) -> None:
        due = time.time() + self._delay
        self._sandbox.store.execute("INSERT INTO tasks (name, object, due) VALUES (?, ?, ?)", name, object_id, due)

    def plan_at(self, name: str, object_id: str, moment: int) -> None:
        """For a moment of the sandbox's clock, which tests may move."""
        self._sandbox.store.execute(
            "INSERT INTO appointments (name, object, moment) VALUES (?, ?, ?)", name, object_id, moment
        )

    def forget(self, object_id: str) -> None:
        self._sandbox.store.execute("DELETE FROM appointments WHERE object = ?", object_id)

    def hold(self, *, held: bool) -> None:
        self._sandbox.store.set_setting(_HOLD, "yes" if held else "")

    @property
    def is_held(self) -> bool:
        return bool(self._sandbox.store.setting(_HOLD))

    def run_due(self) -> float | None:
        """Run what is due, and tell the seconds until the next."""
        store = self._sandbox.store
        with store.transaction():
            if self.is_held:
                return None
            self._move_appointments()
            due = store.execute("SELECT id FROM tasks WHERE due <= ? ORDER BY due, id", time.time())
        for row in due:
            self._run(row["id"])
        return self._pause()

    def run_all(self) -> int:
        """Run everything planned now, held or not; how many."""
        self._move_appointments()
        planned = self._sandbox.store.execute("SELECT id FROM tasks ORDER BY due, id")
        for row in planned:
            self._run(row["id"])
        return len(planned)

    def _move_appointments(self) -> None:
        """What the sandbox's clock has reached is due now."""
        store = self._sandbox.store
        with store.transaction():
            reached = store.execute(
                "DELETE FROM appointments WHERE moment <= ? RETURNING name, object", self._sandbox.clock.now()
            )
            for row in reached:
                store.execute(
                    "INSERT INTO tasks (name, object, due) VALUES (?, ?, ?)", row["name"], row["object"], time.time()
                )

    def _pause(self) -> float | None:
        """Seconds until the next; an appointment is looked at often where the clock may jump."""
        (task,) = self._sandbox.store.execute("SELECT MIN(due) AS next FROM tasks")
        (appointment,) = self._sandbox.store.execute("SELECT MIN(moment) AS next FROM appointments")
        pauses = [] if task["next"] is None else [task["next"] - time.time()]
        if appointment["next"] is not None:
            pause = appointment["next"] - self._sandbox.clock.now()
            pauses.append(min(pause, _GLANCE_SECONDS) if self._sandbox.clock.may_jump else pause)
        return max(0.0, min(pauses)) if pauses else None

    def _run(self, task_id: int) -> None:
        store = self._sandbox.store
        with store.transaction():
            rows = store.execute("DELETE FROM tasks WHERE id = ? RETURNING name, object", task_id)
            document = store.find_any(rows[0]["object"]) if rows else None
            if document is not None and not document.get("deleted"):
                _TASKS[rows[0]["name"]](Call(self._sandbox), document)
