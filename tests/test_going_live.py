"""docs/going-live.md keeps up with the code: its events are followed, its rights are those of what is asked, its commands exist."""

import re
from pathlib import Path

import pytest
from flask import Flask

import storefront
from storefront.cli import add_commands
from storefront.stripe.client import API_VERSION
from storefront.webhooks.handlers import FINAL, WANTED_EVENTS, is_followed

ROOT = Path(storefront.__file__).parents[1]
PAGE = (ROOT / "docs" / "going-live.md").read_text(encoding="utf-8")


def test_it_lists_the_events_that_are_followed() -> None:
    listed = re.findall(r"`([a-z_.]+)`", PAGE.partition("<!-- events -->")[2].partition("<!-- /events -->")[0])

    assert tuple(listed) == WANTED_EVENTS
    assert [event for event in WANTED_EVENTS if not is_followed(event)] == []
    assert set(WANTED_EVENTS) >= FINAL
    assert f"API version **{API_VERSION}**" in PAGE


def test_it_lists_the_rights_of_all_that_is_asked_of_stripe() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "storefront" / "stripe").glob("*.py"))
    asked = {name.partition(".")[0] for name in re.findall(r"\.v1\.([a-z_.]+)", sources)}
    changed = {
        name.partition(".")[0]
        for name in re.findall(r"\.v1\.([a-z_.]+?)\.(?:create|update|cancel|confirm|detach|expire|delete)\b", sources)
    }
    rights = dict(re.findall(r"^\| [^|]*\(`([a-z_]+)`\) \| (read|write) \|", PAGE, re.MULTILINE))

    assert set(rights) == asked
    assert {name for name, right in rights.items() if right == "write"} == changed


@pytest.mark.parametrize("words", sorted(set(re.findall(r"`flask ([a-z -]+?)(?: [A-Z]+)?`", PAGE))))
def test_its_commands_exist(words: str) -> None:
    app = Flask("commands")
    add_commands(app)
    command = app.cli
    for word in words.split():
        command = command.commands[word]  # type: ignore[assignment]

    assert command is not None
