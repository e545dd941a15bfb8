"""Whether an answer is what the installed SDK says its objects are, all the way down."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import stripe

_SDK = Path(stripe.__file__).parent
# Where the class is not named as the object is.
_CLASSES = {"item": "line_item"}
_SCALARS = {"str": str, "int": int, "bool": bool, "float": float}


@dataclass(frozen=True)
class Resource:
    """A class of the SDK, and those around it, where the names in its annotations are looked up."""

    node: ast.ClassDef
    around: tuple[ast.ClassDef, ...] = ()

    def fields(self) -> dict[str, ast.expr]:
        return {
            line.target.id: line.annotation
            for line in self.node.body
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value is None
        }

    def named(self, name: str) -> "Resource | None":
        """The nested class of this name, nearest first."""
        path = (*self.around, self.node)
        for depth in range(len(path), 0, -1):
            for inner in path[depth - 1].body:
                if isinstance(inner, ast.ClassDef) and inner.name == name:
                    return Resource(inner, path[:depth])
        return None


def faults(document: Any) -> list[str]:
    """Everything the SDK's resource type has otherwise; nothing when all is well."""
    return _object_faults(document, _resource(document["object"]), document["object"])


@cache
def _resource(kind: str) -> Resource:
    folder, _, name = _CLASSES.get(kind, kind).rpartition(".")
    tree = ast.parse((_SDK / folder / f"_{name}.py").read_text(encoding="utf-8"))
    wanted = re.sub(r"(?:^|_)(\w)", lambda found: found[1].upper(), name)
    return Resource(next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == wanted))


def _object_faults(document: Any, resource: Resource, path: str) -> list[str]:
    if not isinstance(document, dict):
        return [f"{path} is {document!r}, not {resource.node.name}"]
    fields = resource.fields()
    found = [f"{path}.{name} is unknown" for name in document if name not in fields]
    for name, annotation in fields.items():
        if name in document:
            found += _value_faults(document[name], annotation, resource, f"{path}.{name}")
        elif not ast.unparse(annotation).startswith("Optional["):
            found.append(f"{path}.{name} is missing")
    return found


def _value_faults(  # noqa: C901, PLR0911  one case for each kind of annotation
    value: Any, annotation: ast.expr, resource: Resource, path: str
) -> list[str]:
    match annotation:
        case ast.Constant(value=str(quoted)):
            return _value_faults(value, ast.parse(quoted, mode="eval").body, resource, path)
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            return [] if value is None else _value_faults(value, inner, resource, path)
        case ast.Subscript(value=ast.Name(id="List"), slice=inner):
            if not isinstance(value, list):
                return [f"{path} is {value!r}, not a list"]
            return [fault for item in value for fault in _value_faults(item, inner, resource, f"{path}[]")]
        case ast.Subscript(value=ast.Name(id="ExpandableField")):
            return [] if isinstance(value, str) else faults(value)
        case ast.Subscript(value=ast.Name(id="ListObject")):
            return [fault for item in value["data"] for fault in faults(item)]
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inner):
            known = [part.value for part in ast.walk(inner) if isinstance(part, ast.Constant)]
            return [] if value in known else [f"{path} is {value!r}, not of {known}"]
        case (
            ast.BinOp(left=left, right=right)
            | ast.Subscript(value=ast.Name(id="Union"), slice=ast.Tuple(elts=[left, right]))
        ):
            # An open enum: the SDK takes any text, but what this version knows is what the sandbox may say.
            return [] if not _value_faults(value, left, resource, path) else _right(value, left, right, resource, path)
        case ast.Name(id=name):
            return _named_faults(value, name, resource, path)
    return []


def _right(value: Any, left: ast.expr, right: ast.expr, resource: Resource, path: str) -> list[str]:
    is_open_enum = isinstance(right, ast.Name) and right.id == "str" and "Literal" in ast.unparse(left)
    return _value_faults(value, left if is_open_enum else right, resource, path)


def _named_faults(value: Any, name: str, resource: Resource, path: str) -> list[str]:
    if name in _SCALARS:
        fits = isinstance(value, _SCALARS[name]) and not (name == "int" and isinstance(value, bool))
        return [] if fits else [f"{path} is {value!r}, not {name}"]
    nested = resource.named(name)
    if nested is not None:
        return _object_faults(value, nested, path)
    return faults(value) if isinstance(value, dict) and "object" in value else []
