"""The parameter types of the installed Stripe SDK, read from its source."""

import ast
import re
from dataclasses import dataclass, field
from functools import cache

from storefront.sandbox.resource_types import classes_in, may_be_null


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


_TEXT, _EMPTY = Kind(scalars=frozenset({"str"})), Kind(literals=("",))
# Whose something is, and what pays by default of old, can be changed and not taken away.
_NEVER_UNSET = frozenset({"customer", "customer_account", "default_source", "source"})


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
    owner = part or module.rpartition(".")[2]
    annotated = [(line.target.id, line.annotation) for line in classes[owner].body
                 if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)]  # fmt: skip
    required = tuple(name for name, annotation in annotated if not _is_optional(annotation))
    kinds = {name: _kind(annotation, module) for name, annotation in annotated}
    unsettable = (name for name, kind in kinds.items()
                  if kind == _TEXT and name not in required and _is_unset_by_updates(module, owner, name))  # fmt: skip
    return Fields(kinds | dict.fromkeys(unsettable, _TEXT | _EMPTY), required)


def _is_unset_by_updates(module: str, owner: str, name: str) -> bool:
    """Whether an update unsets this optional text by an empty string.

    The SDK's types say so of objects, lists and some texts (`Literal['']|…`), but call every other text a `str`, even
    `payment_method` of an intent, of which its own words say "To unset this field to null, pass in an empty string".
    So a text can be unset while updating where the object may have null in its place.
    """
    resource, updates, inner = owner.partition("UpdateParams")
    if not updates or name in _NEVER_UNSET:
        return False
    package = module.rpartition(".")[0]
    return may_be_null(f"{package}.{resource}".lstrip("."), inner, name)


@cache
def _classes(module: str) -> dict[str, ast.ClassDef]:
    package, _, name = module.rpartition(".")
    file_name = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    return classes_in(f"params/{package.replace('.', '/')}/_{file_name}.py")


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
