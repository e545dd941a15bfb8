"""What customers were told: each answer, with the moments of its asking and its coming."""

import re
import threading
from dataclasses import dataclass, field
from typing import Final

from tests.reading import Page

_NOTHING: Final = re.compile(r"nothing (was|has been) charged(?! a second time)(?! now)|not paid yet", re.IGNORECASE)
_NOT_NOW: Final = re.compile(r"nothing was charged now", re.IGNORECASE)


def says_nothing_charged(words: str) -> bool:
    """Whether these words promise that."""
    return _NOTHING.search(words) is not None


@dataclass(frozen=True)
class Answer:
    """What came back, and when; `order` and `token` say what it is about."""

    who: str
    what: str
    asked: float
    came: float
    status: int
    url: str
    page: Page
    redirect: str = ""
    token: str = ""
    pays: bool = False

    @property
    def order(self) -> str | None:
        """The order that is shown."""
        return self.page.order

    @property
    def state(self) -> str | None:
        """How the order is said to stand."""
        return self.page.state

    @property
    def panel(self) -> str | None:
        """The state of the one-click panel."""
        return self.page.panel

    @property
    def says_nothing_charged(self) -> bool:
        """Whether it says so, of the order that it shows or else of the button that was pressed."""
        return says_nothing_charged(self.page.text)

    @property
    def says_press_charged_nothing(self) -> bool:
        """Whether it says so of the press alone, and shows another order."""
        return _NOT_NOW.search(self.page.text) is not None

    @property
    def in_short(self) -> str:
        """For the story."""
        about = [f"{self.status}"]
        about += [f"panel {self.panel}"] if self.panel else []
        about += [f"order {self.order[:8]} {self.state}"] if self.order else []
        about += ["says nothing was charged"] if self.says_nothing_charged else []
        about += [f"leads to {self.redirect}"] if self.redirect else []
        return ", ".join(about)


@dataclass(frozen=True)
class Moment:
    """A time in which something may have been charged: a press, a payment on Stripe's page, an answer to the bank."""

    who: str
    began: float
    ended: float
    answer: Answer | None = None


@dataclass
class Seen:
    """All answers of a schedule, and all moments that may have charged."""

    answers: list[Answer] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, answer: Answer) -> None:
        with self._lock:
            self.answers.append(answer)

    def may_charge(self, moment: Moment) -> None:
        with self._lock:
            self.moments.append(moment)
