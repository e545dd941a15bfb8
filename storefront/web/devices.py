"""What a browser is called in the list of sessions: "Firefox on Windows", after what it says of itself."""

import re
from typing import Final

# The first that is in the User-Agent: most of them also call themselves Chrome and Safari.
_BROWSERS: Final = (
    ("Edge", r"\bEdg(e|A|iOS)?/"),
    ("Opera", r"\b(OPR|OPT|Opera|OPiOS)\b"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Vivaldi", r"\bVivaldi/"),
    ("Yandex Browser", r"\bYaBrowser/"),
    ("DuckDuckGo", r"\b(DuckDuckGo|Ddg)/"),
    ("Firefox", r"\b(Firefox|FxiOS)/"),
    ("Chrome", r"\b(HeadlessChrome|Chrome|Chromium|CriOS)/"),
    ("Safari", r"\bVersion/[\d.]+.* Safari/"),
)
_SYSTEMS: Final = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Windows", r"\bWindows\b"),
    ("Mac", r"\bMacintosh\b"),
    ("Linux", r"\bLinux\b"),
)
# A header can be long; what we look for stands in what browsers send.
_READ: Final = 500


def device_name(user_agent: str) -> str:
    """Our own words alone: nothing of what was sent is repeated."""
    browser, system = _first(_BROWSERS, user_agent[:_READ]), _first(_SYSTEMS, user_agent[:_READ])
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown device"


def _first(names: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for name, pattern in names if re.search(pattern, user_agent)), "")
