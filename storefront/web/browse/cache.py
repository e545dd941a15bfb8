"""Drawn pages and parts of pages, kept in this process until what shows changes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar, cast

from flask import current_app
from flask.sansio.app import App

_MOST: Final = 500
_NAME: Final = "storefront-kept"
T = TypeVar("T")


class PageCache:
    """The last few hundred things drawn from one version of the catalogue."""

    def __init__(self) -> None:
        self._things: OrderedDict[Hashable, Any] = OrderedDict()
        self._version: Hashable = None
        self._lock = threading.Lock()

    def get(self, version: Hashable, key: Hashable, make: Callable[[], T]) -> T:
        """What was made before for this key, or what is made now. Two may make the same at once: it is the same."""
        with self._lock:
            if version != self._version:
                self._things.clear()
                self._version = version
            elif key in self._things:
                self._things.move_to_end(key)
                return cast("T", self._things[key])
        made = make()
        with self._lock:
            if version == self._version:
                self._things[key] = made
                if len(self._things) > _MOST:
                    self._things.popitem(last=False)
        return made


def init_cache(app: App) -> None:
    """Give this app a place to keep things."""
    app.extensions[_NAME] = PageCache()


def page_cache(version: Hashable, key: Hashable, make: Callable[[], T]) -> T:
    """The thing called `key`, drawn from this version of the catalogue."""
    store: PageCache = current_app.extensions[_NAME]
    # Whoever works on the templates wants to see them.
    return make() if current_app.debug else store.get(version, key, make)
