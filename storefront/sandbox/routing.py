"""The table of endpoints: method, path, the SDK's parameter type, and the function that does it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, StripeError

Run = Callable[..., Document]


@dataclass(frozen=True)
class Endpoint:
    """`parameters` names the SDK's type; `extras` are sent by browsers or old versions and unknown to the SDK.

    `modernized` turns what an old version said into what the SDK says.
    """

    method: str
    rule: str
    parameters: str
    run: Run
    extras: tuple[str, ...] = ()
    for_browsers: bool = False
    modernized: Callable[[Document, str], Document] | None = None


class More(TypedDict, total=False):
    """What few endpoints have."""

    extras: tuple[str, ...]
    for_browsers: bool
    modernized: Callable[[Document, str], Document]


_MAP = Map(strict_slashes=False, merge_slashes=False)


def endpoint(method: str, rule: str, parameters: str, **more: Unpack[More]) -> Callable[[Run], Run]:
    def register(run: Run) -> Run:
        _MAP.add(Rule(rule, methods=[method], endpoint=Endpoint(method, rule, parameters, run, **more)))
        return run

    return register


def match(method: str, path: str) -> tuple[Endpoint, dict[str, Any]]:
    try:
        found, values = _MAP.bind("sandbox").match(path, method)
    except HTTPException:
        message = (
            f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at"
            " https://support.stripe.com/."
        )
        raise StripeError(404, message) from None
    return found, dict(values)


def run(matched: Endpoint, call: Call, values: dict[str, Any]) -> Document:
    return matched.run(call, **values)
