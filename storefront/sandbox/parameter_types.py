"""The parameter types of the installed Stripe SDK, read from its source.

Reading the syntax tree of one file takes milliseconds; importing the SDK would cost more than the sandbox's start.
"""

import ast
import importlib.util
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Kind:
    """What one parameter may be: any of these at once."""

    scalars: frozenset[str] = frozenset()
    literals: tuple[str, ...] = ()
    item: "Kind | None" = None
    values: "Kind | None" = None
    fields: str | None = None

    def __or__(self, other: "Kind") -> "Kind":
        return Kind(
            self.scalars | other.scalars, self.literals + other.literals, self.item or other.item,
            self.values or other.values, self.fields or other.fields,
        )  # fmt: skip


@dataclass(frozen=True)
class Fields:
    """The parameters of one request, or of one object inside it."""

    kinds: dict[str, Kind] = field(default_factory=dict)
    required: tuple[str, ...] = ()


@cache
def fields_of(reference: str) -> Fields:
    """The fields of `PaymentIntentCreateParams`, or of `test_helpers.ConfirmationTokenCreateParams:SomePart`."""
    module, _, part = reference.partition(":")
    classes = _classes(module)
    statements = classes[part or module.rpartition(".")[2]].body
    annotated = [(line.target.id, line.annotation) for line in statements
                 if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)]  # fmt: skip
    return Fields(
        {name: _kind(annotation, module) for name, annotation in annotated},
        tuple(name for name, annotation in annotated if not _is_optional(annotation)),
    )


@cache
def _classes(module: str) -> dict[str, ast.ClassDef]:
    package, _, name = module.rpartition(".")
    file_name = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    tree = ast.parse((_sdk() / "params" / package / f"_{file_name}.py").read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


@cache
def _sdk() -> Path:
    found = importlib.util.find_spec("stripe")
    if found is None or found.origin is None:
        message = "The sandbox checks requests against the stripe package, which is not installed."
        raise RuntimeError(message)
    return Path(found.origin).parent


def _is_optional(annotation: ast.expr) -> bool:
    return isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "NotRequired"


def _kind(node: ast.expr, module: str) -> Kind:
    match node:
        case ast.Constant(value=str(quoted)):
            return _kind(ast.parse(quoted.strip(), mode="eval").body, module)
        case ast.BinOp(left=left, right=right):
            return _kind(left, module) | _kind(right, module)
        case ast.Name(id=name):
            return _named(name, module)
        case ast.Subscript(value=ast.Name(id=name), slice=inner):
            return _generic(name, inner, module)
    return Kind()


def _named(name: str, module: str) -> Kind:
    if name in {"int", "bool", "str", "float", "Decimal"}:
        return Kind(scalars=frozenset({name}))
    return Kind(fields=f"{module}:{name}") if name in _classes(module) else Kind()


def _generic(name: str, inner: ast.expr, module: str) -> Kind:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    match name:
        case "NotRequired":
            return _kind(inner, module)
        case "List":
            return Kind(item=_kind(inner, module))
        case "Dict":
            return Kind(values=_kind(parts[1], module))
        case "Literal":
            return Kind(literals=tuple(str(part.value) for part in parts if isinstance(part, ast.Constant)))
        case "Union":
            united = Kind()
            for part in parts:
                united |= _kind(part, module)
            return united
    return Kind()
