"""The sandbox as one object: its memory, its clock, its faults, and the work it does by itself."""

import threading
from pathlib import Path

from storefront.sandbox import (
    bank_debits,  # noqa: F401  registers its task
    challenges,
    charging,
    setting_up,
)
from storefront.sandbox.call import API_VERSION, Call
from storefront.sandbox.challenges import Challenge
from storefront.sandbox.checkout import ending
from storefront.sandbox.clock import Clock
from storefront.sandbox.errors import Document
from storefront.sandbox.faults import Faults
from storefront.sandbox.idempotency import IdempotencyKeys
from storefront.sandbox.ids import random_text
from storefront.sandbox.store import Store
from storefront.sandbox.tasks import Tasks
from storefront.sandbox.webhooks import Courier


class Sandbox:
    """What every endpoint, page and thread of the sandbox shares."""

    api_version = API_VERSION

    def __init__(
        self, state_path: Path, *, public_url: str, clock_file: Path | None = None, settle_seconds: float = 1.0,
        takes_card_numbers: bool = False,
    ) -> None:  # fmt: skip
        self.store = Store(state_path)
        self.clock = Clock(clock_file)
        self.public_url = public_url.rstrip("/")
        self.takes_card_numbers = takes_card_numbers
        self.search_delay = 0.0  # seconds of its clock by which the index of searches is behind
        self.date_off = 0  # seconds by which the Date header is ahead, as a clock that is wrong would show it
        self.faults = Faults()
        self.keys = IdempotencyKeys(self.store)
        self.tasks = Tasks(self, settle_seconds)
        self.courier = Courier(self)
        self.account_id = self._kept("account", f"acct_{random_text(16)}")
        self.account_created = int(self._kept("account_created", str(self.clock.now())))
        self._stopping = threading.Event()
        self._tasks_wake = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin delivering webhooks and doing what is planned, in threads of its own."""
        for run in (self._run_tasks, *[self.courier.run] * self.courier.carriers):
            thread = threading.Thread(target=run, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        self._stopping.set()
        self.courier.stop()
        self.wake()
        for thread in self._threads:
            thread.join(timeout=12)
        self.store.close()

    def wake(self) -> None:
        """Something was committed: look for work now."""
        self._tasks_wake.set()
        self.courier.wake()

    def challenge(self, intent_id: str) -> Challenge:
        """What the bank asks about this intent, and how that stands."""
        with self.store.transaction():
            return challenges.challenge(self.store, intent_id)

    def answer_challenge(self, intent_id: str, passed: bool) -> Challenge:  # noqa: FBT001
        """The customer's answer to the bank; the first one counts, later ones change nothing."""
        with self.store.transaction():
            intent = challenges.intent_of(self.store, intent_id)
            if (intent.get("_challenge") or {}).get("status") == "open":
                self._answer(intent, passed=passed)
            answered = challenges.challenge(self.store, intent_id)
        self.wake()
        return answered

    def _answer(self, intent: Document, *, passed: bool) -> None:
        intent["_challenge"]["status"] = "passed" if passed else "failed"
        self.store.save(intent)
        call = Call(self)
        payment_method = call.named_by_param("payment_method", intent["_challenge"]["payment_method"], "payment_method")
        follow = charging if intent["object"] == "payment_intent" else setting_up
        follow.after_challenge(call, intent, payment_method, passed=passed)
        ending.follow_intent(call, intent)

    def _kept(self, name: str, first: str) -> str:
        """A fact about the account: what it was when this state file was new."""
        with self.store.transaction():
            known = self.store.setting(name)
            if known is None:
                known = first
                self.store.set_setting(name, known)
            return known

    def _run_tasks(self) -> None:
        while not self._stopping.is_set():
            self._tasks_wake.clear()
            pause = self.tasks.run_due()
            self.courier.wake()
            self._tasks_wake.wait(pause)
