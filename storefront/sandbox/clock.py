"""The sandbox's time: the machine's, moved by the seconds that a file holds."""

import time
from pathlib import Path


class Clock:
    """One clock with the shop: both read the same offset (such as `+7200`) from the same file."""

    def __init__(self, offset_file: Path | None = None) -> None:
        self._offset_file = offset_file

    def now(self) -> int:
        return int(time.time()) + self._offset()

    @property
    def may_jump(self) -> bool:
        return self._offset_file is not None

    def _offset(self) -> int:
        if self._offset_file is None or not self._offset_file.exists():
            return 0
        return int(self._offset_file.read_text().strip() or 0)
