"""Stripe's search query language: clauses of field, operator and value, all joined by AND or all by OR."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from storefront.sandbox.errors import Document, StripeError

TOKEN, TEXT, NUMBER = "token", "text", "number"
Fields = Mapping[str, str]
_MOST_CLAUSES = 10
_SHORTEST_PART = 3
_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    ":": lambda found, sought: found == sought, "=": lambda found, sought: found == sought,
    ">": lambda found, sought: found > sought, "<": lambda found, sought: found < sought,
    ">=": lambda found, sought: found >= sought, "<=": lambda found, sought: found <= sought,
}  # fmt: skip
_QUOTED = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_CLAUSE = re.compile(
    rf"(?P<minus>-?)(?P<field>[a-z_][a-z0-9_.]*)(?:\[(?P<key>{_QUOTED})\])?\s*(?P<operator>>=|<=|[:~=<>])\s*"
    rf"(?P<value>{_QUOTED}|[^\s\"']+)(?=\s|$)"
)
_JOINT = re.compile(r"\s+(?:(?P<word>and|or)\s+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Clause:
    """One condition; `key` names an entry of metadata, and a value of None asks for what is not there."""

    field: str
    kind: str
    operator: str
    value: str | None
    key: str | None = None
    negated: bool = False


@dataclass(frozen=True)
class Query:
    clauses: tuple[Clause, ...]
    any_of: bool = False


def parsed(text: str, fields: Fields, plural: str) -> Query:
    """The query, or Stripe's words for what is wrong with it."""
    clauses: list[Clause] = []
    joints: set[str] = set()
    place = 0
    text = text.strip()
    while place < len(text) or not clauses:
        found = _CLAUSE.match(text, place)
        if found is None:
            _unparsable()
        clauses.append(_clause(found, fields, plural))
        place = found.end()
        joint = _JOINT.match(text, place)
        if joint is not None:
            joints.add((joint["word"] or "and").lower())
            place = joint.end()
            if place == len(text):
                _unparsable()
    if len(joints) > 1:
        _refuse("You can't combine AND and OR in the same query.")
    if len(clauses) > _MOST_CLAUSES:
        _refuse(f"A query can have up to {_MOST_CLAUSES} clauses, but you passed in {len(clauses)}.")
    return Query(tuple(clauses), any_of=joints == {"or"})


def matches(query: Query, document: Document) -> bool:
    answers = (_holds(clause, document) for clause in query.clauses)
    return any(answers) if query.any_of else all(answers)


def _clause(found: re.Match[str], fields: Fields, plural: str) -> Clause:
    field, operator = found["field"], found["operator"]
    kind = fields.get(field)
    if kind is None:
        _refuse(
            f"Field `{field}` is an unsupported search field for resource `{plural}`. See"
            f" http://stripe.com/docs/search#query-fields-for-{plural.replace('_', '-')} for a list of supported fields."
        )
    if (field == "metadata") != (found["key"] is not None):
        _unparsable()
    value = _value(found["value"], kind)
    if operator not in _operators(kind, value):
        _refuse(f"Operator `{operator}` is not supported for the field `{field}`.")
    if operator == "~" and len(value or "") < _SHORTEST_PART:
        _refuse(f"The operator `~` needs a value of at least {_SHORTEST_PART} characters.")
    key = _unquoted(found["key"]) if found["key"] else None
    return Clause(field, kind, operator, value, key, negated=bool(found["minus"]))


def _value(written: str, kind: str) -> str | None:
    """A text must stand in quotation marks; a number, `true`, `false` and `null` need none."""
    if written[0] not in "\"'":
        if written == "null":
            return None
        if kind == TEXT or (kind == TOKEN and not re.fullmatch(r"true|false|-?[0-9]+", written)):
            _unparsable()
    value = _unquoted(written) if written[0] in "\"'" else written
    if kind == NUMBER and not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        _refuse(f"Invalid number: {value}")
    return value


def _operators(kind: str, value: str | None) -> frozenset[str]:
    if value is None or kind == TOKEN:
        return frozenset({":"})
    return frozenset({":", "~"}) if kind == TEXT else frozenset(_COMPARE)


def _unquoted(written: str) -> str:
    return re.sub(r"\\(.)", r"\1", written[1:-1])


def _holds(clause: Clause, document: Document) -> bool:
    found: Any = document
    for name in [*clause.field.split("."), *([clause.key] if clause.key is not None else [])]:
        found = found.get(name) if isinstance(found, dict) else None
    return _fits(clause, found) is not clause.negated


def _fits(clause: Clause, found: Any) -> bool:
    if clause.value is None or found is None:
        return clause.value is None and found is None
    if clause.kind == NUMBER:
        return _COMPARE[clause.operator](Decimal(str(found)), Decimal(clause.value))
    text = str(found).casefold()  # true and false too: a boolean is searched as its word
    sought = clause.value.casefold()
    return sought in text if clause.operator == "~" else sought == text


def _unparsable() -> NoReturn:
    _refuse(
        'We were unable to parse your search query. Try using the format `metadata["key"]:"value"` to query for metadata'
        ' or key:"value" to query for other fields.'
    )


def _refuse(message: str) -> NoReturn:
    raise StripeError(400, message, param="query")
