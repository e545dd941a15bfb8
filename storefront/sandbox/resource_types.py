"""The resource types of the installed Stripe SDK, read from its source: which field of an object may be null.

Reading the syntax tree of one file takes milliseconds; importing the SDK would cost more than the sandbox's start.
"""

import ast
import importlib.util
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path


@cache
def classes_in(path: str) -> dict[str, ast.ClassDef]:
    """The classes of one file of the SDK, by name."""
    return _classes(ast.parse((_sdk() / path).read_text(encoding="utf-8")).body)


def may_be_null(resource: str, inner: str, field: str) -> bool:
    """Whether this field is optional in `Customer` (inner ""), or in a part of it such as `ShippingAddress`.

    `resource` is named with its package: `checkout.Session`. What the type does not have may not be null.
    """
    package, _, name = resource.rpartition(".")
    file_name = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    owner = _part(classes_in(f"./{package.replace('.', '/')}/_{file_name}.py")[name], inner)
    return owner is not None and any(
        ast.unparse(line.annotation).startswith("Optional[")
        for line in owner.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.target.id == field
    )


def _part(owner: ast.ClassDef, inner: str) -> ast.ClassDef | None:
    """The nested class whose names, one after another, are `inner`: `Shipping.Address` for `ShippingAddress`."""
    if not inner:
        return owner
    parts = [(part, inner.removeprefix(name)) for name, part in _classes(owner.body).items() if inner.startswith(name)]
    found = (_part(part, rest) for part, rest in parts)
    return next((part for part in found if part is not None), None)


def _classes(statements: Iterable[ast.stmt]) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in statements if isinstance(node, ast.ClassDef)}


@cache
def _sdk() -> Path:
    found = importlib.util.find_spec("stripe")
    if found is None or found.origin is None:
        message = "The sandbox checks requests against the stripe package, which is not installed."
        raise RuntimeError(message)
    return Path(found.origin).parent
