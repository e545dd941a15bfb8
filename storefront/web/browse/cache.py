"""Drawn pages and parts of pages, kept in this process until what shows changes."""

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar, cast

from flask import current_app
from flask.sansio.app import App

MAX_THINGS: Final = 500
MAX_BYTES: Final = 16 * 1024 * 1024
_NAME: Final = "storefront-kept"
T = TypeVar("T")


class PageCache:
    """What was drawn last from one version of the catalogue: a few hundred things, and no more than MAX_BYTES of them."""

    def __init__(self) -> None:
        self._things: OrderedDict[Hashable, Any] = OrderedDict()
        self.size = 0  # bytes, roughly
        self._version: Hashable = None
        self._lock = threading.Lock()

    def get(self, version: Hashable, key: Hashable, make: Callable[[], T]) -> T:
        """What was made before for this key, or what is made now. Two may make the same at once: it is the same."""
        with self._lock:
            if version != self._version:
                self._things.clear()
                self.size = 0
                self._version = version
            elif key in self._things:
                self._things.move_to_end(key)
                return cast("T", self._things[key])
        made = make()
        with self._lock:
            if version == self._version and key not in self._things:
                self._things[key] = made
                self.size += _weight(key) + _weight(made)
                while len(self._things) > MAX_THINGS or self.size > MAX_BYTES:
                    oldest, thing = self._things.popitem(last=False)
                    self.size -= _weight(oldest) + _weight(thing)
        return made


def _weight(thing: object) -> int:
    """Bytes, roughly: all of text and of what is made of it; of anything else what it is without its parts."""
    if isinstance(thing, str | bytes):
        return sys.getsizeof(thing)
    if isinstance(thing, dict):
        return sys.getsizeof(thing) + sum(_weight(one) for pair in thing.items() for one in pair)
    if isinstance(thing, tuple | list | frozenset):
        return sys.getsizeof(thing) + sum(_weight(one) for one in thing)
    return sys.getsizeof(thing)


def init_cache(app: App) -> None:
    """Give this app a place to keep things."""
    app.extensions[_NAME] = PageCache()


def page_cache(version: Hashable, key: Hashable, make: Callable[[], T]) -> T:
    """The thing called `key`, drawn from this version of the catalogue."""
    store: PageCache = current_app.extensions[_NAME]
    # Whoever works on the templates wants to see them.
    return make() if current_app.debug else store.get(version, key, make)
