"""The one clock. Tests and the demo may move it; with live keys it is the machine's."""

import datetime as dt
from pathlib import Path

from flask import current_app, has_app_context

_clock_file: Path | None = None


def read_from(clock_file: Path | None) -> None:
    """Read an offset in seconds, such as `+7200`, from this file at every look at the clock; None: the real time."""
    global _clock_file  # noqa: PLW0603  one clock a process is the point
    _clock_file = clock_file


def now() -> dt.datetime:
    """The time in UTC, aware."""
    return dt.datetime.now(dt.UTC) + _offset()  # noqa: TID251  the only place that may


def _offset() -> dt.timedelta:
    if _clock_file is None:
        return dt.timedelta(0)
    try:
        return dt.timedelta(seconds=float(_clock_file.read_text(encoding="ascii") or 0))
    except FileNotFoundError:
        return dt.timedelta(0)


def local(moment: dt.datetime) -> dt.datetime:
    """The same moment as the shop's clocks show it: in TIMEZONE, else in the machine's zone."""
    return moment.astimezone(current_app.config["SETTINGS"].timezone if has_app_context() else None)


def zone_of(moment: dt.datetime) -> str:
    """What that zone is called at that moment, for mails that are read elsewhere: CET, or CEST in summer."""
    return local(moment).tzname() or ""
