"""From a form's bracketed names to checked parameters, with Stripe's words for what is wrong."""

import re
from collections.abc import Iterable
from typing import Any

from storefront.sandbox.errors import InvalidParameterError, missing_parameter
from storefront.sandbox.parameter_types import Fields, Kind, fields_of

Raw = dict[str, Any]
_LONGEST_TEXT = 5000
_SHOWN = 10
_BOOLEANS = {"true": True, "false": False}


def nested(pairs: Iterable[tuple[str, str]]) -> Raw:
    """`a[b][0]=x` as `{"a": {"b": {"0": "x"}}}`; lists are told from objects later, by their type."""
    root: Raw = {}
    for name, value in pairs:
        first, *rest = re.findall(r"[^\[\]]+|\[\]", name) or [name]
        here, key = root, first
        for part in rest:
            here = here.setdefault(key, {})
            if not isinstance(here, dict):
                message = f"Invalid parameter: {name}"
                raise InvalidParameterError(message, param=name)
            key = str(len(here)) if part == "[]" else part
        here[key] = value
    return root


def checked(raw: Raw, reference: str, extras: Iterable[str] = ()) -> Raw:
    """What was sent, typed as the SDK types it; anything the SDK could not have sent is refused."""
    return _object(raw, fields_of(reference), "", frozenset(extras))


def _object(raw: Raw, fields: Fields, prefix: str, extras: frozenset[str] = frozenset()) -> Raw:
    unknown = [_path(prefix, name) for name in raw if name not in fields.kinds and name not in extras]
    if unknown:
        noun = "parameter" if len(unknown) == 1 else "parameters"
        message = f"Received unknown {noun}: {', '.join(unknown)}"
        raise InvalidParameterError(message, code="parameter_unknown", param=unknown[0])
    for name in fields.required:
        if name not in raw:
            raise missing_parameter(_path(prefix, name))
    return {
        name: _value(value, fields.kinds[name], _path(prefix, name)) if name in fields.kinds else value
        for name, value in raw.items()
    }


def _value(raw: Any, kind: Kind, path: str) -> Any:
    if isinstance(raw, dict):
        return _structure(raw, kind, path)
    return _scalar(str(raw), kind, path)


def _structure(raw: Raw, kind: Kind, path: str) -> Any:
    if kind.item is not None and all(name.isascii() and name.isdigit() for name in raw):
        ordered = sorted(raw.items(), key=lambda pair: int(pair[0]))
        return [_value(value, kind.item, f"{path}[{name}]") for name, value in ordered]
    if kind.fields is not None:
        return _object(raw, fields_of(kind.fields), path)
    if kind.values is not None:
        return {name: _map_value(value, kind.values, f"{path}[{name}]") for name, value in raw.items()}
    expected = "array" if kind.item is not None else _scalar_name(kind)
    message = f"Invalid {expected}: {raw}"
    raise InvalidParameterError(message, param=path)


def _map_value(raw: Any, kind: Kind, path: str) -> Any:
    return "" if raw == "" else _value(raw, kind, path)


def _scalar(raw: str, kind: Kind, path: str) -> Any:
    if raw == "":
        return _empty(kind, path)
    if "bool" in kind.scalars and raw in _BOOLEANS:
        return _BOOLEANS[raw]
    if "int" in kind.scalars and re.fullmatch(r"-?[0-9]+", raw):
        return int(raw)
    if kind.scalars & {"float", "Decimal"} and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", raw):
        return raw
    choices = [choice for choice in kind.literals if choice]
    if raw in choices:
        return raw
    if "str" in kind.scalars and not choices:
        return _text(raw, path)
    raise _ill_typed(raw, kind, path, choices)


def _text(raw: str, path: str) -> str:
    if len(raw) > _LONGEST_TEXT:
        message = f"Invalid string: {raw[:_SHOWN]}...{raw[-_SHOWN:]}; must be at most {_LONGEST_TEXT} characters"
        raise InvalidParameterError(message, param=path)
    return raw


def _empty(kind: Kind, path: str) -> str:
    if "" in kind.literals:
        return ""
    message = (
        f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a parameter; however"
        f" '{path}' cannot be unset. You should remove '{path}' from your request or supply a non-empty value."
    )
    raise InvalidParameterError(message, code="parameter_invalid_empty", param=path)


def _ill_typed(raw: str, kind: Kind, path: str, choices: list[str]) -> InvalidParameterError:
    if choices:
        message = (
            f"Invalid {path}: must be one of {', '.join(choices[:-1])}{' or ' if choices[:-1] else ''}{choices[-1]}"
        )
        return InvalidParameterError(message, param=path)
    if "int" in kind.scalars:
        return InvalidParameterError(f"Invalid integer: {raw}", code="parameter_invalid_integer", param=path)
    return InvalidParameterError(f"Invalid {_scalar_name(kind)}: {raw}", param=path)


def _scalar_name(kind: Kind) -> str:
    if kind.item is not None:
        return "array"
    if kind.fields is not None or kind.values is not None:
        return "object"
    names = {"bool": "boolean", "int": "integer", "str": "string", "float": "number", "Decimal": "decimal"}
    return next((names[name] for name in names if name in kind.scalars), "string")


def _path(prefix: str, name: str) -> str:
    return f"{prefix}[{name}]" if prefix else name
