"""What happened, step by step, as it is told when something did not end well."""

import threading
import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One thing that somebody did, or that befell them."""

    at: float
    who: str
    what: str
    came: str = ""


@dataclass
class Story:
    """Steps by many hands, in the order of their time."""

    seed: int
    began: float = field(default_factory=time.time)
    steps: list[Step] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, who: str, what: str, came: str = "", *, at: float | None = None) -> None:
        """Add a step."""
        with self._lock:
            self.steps.append(Step(time.time() if at is None else at, who, what, came))

    def told(self) -> str:
        """All of it."""
        lines = []
        for step in sorted(self.steps, key=lambda step: step.at):
            came = f"  -> {step.came}" if step.came else ""
            lines.append(f"{step.at - self.began:8.3f}s  {step.who:<12} {step.what}{came}")
        return "\n".join(lines)
