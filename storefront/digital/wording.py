"""Digital goods in words."""

from typing import Final

_UNITS: Final = ("KB", "MB", "GB", "TB")
_STEP: Final = 1000


def size_in_words(size: int) -> str:
    """How large a file is, as people say it: 840 bytes, 12 KB, 1.4 MB."""
    if size < _STEP:
        return f"{size} bytes"
    amount = float(size)
    for unit in _UNITS:
        amount /= _STEP
        if round(amount) < _STEP or unit == _UNITS[-1]:
            break
    return f"{amount:.1f} {unit}" if amount < 10 and unit != "KB" else f"{amount:.0f} {unit}"
