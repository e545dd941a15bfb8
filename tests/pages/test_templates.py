"""What every template keeps to: fragments are files with one root, nothing is inline, everything can be read."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from jinja2 import Environment, FileSystemLoader
from jinja2 import nodes as jinja

import storefront

FOLDER: Final = Path(storefront.__file__).parent / "templates"
STATIC: Final = FOLDER.parent / "static"
ALL: Final = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.html"))
# Mail is read by mail programs: styles are inline there, and nothing is swapped.
PAGES: Final = [name for name in ALL if not name.startswith("mail/")]
FRAGMENTS: Final = [name for name in PAGES if Path(name).name.startswith("_")]
RESPONSES: Final = [name for name in PAGES if name.endswith(".hx.html")]
PANEL_STATES: Final = [name for name in PAGES if name.startswith("checkout/one_click/")]

VOID: Final = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
TAGS: Final = re.compile(r"\{#.*?#\}|(\{%-?\s*(\w+).*?%\})|\{\{.*?\}\}", re.DOTALL)

jinja_env = Environment(loader=FileSystemLoader(FOLDER), autoescape=True)


class Roots(HTMLParser):
    """The outermost elements of a piece of HTML, and every attribute in it."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.roots: list[dict[str, str | None]] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._open: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if not self._open:
            self.roots.append(dict(attrs))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass


def as_html(source: str) -> str:
    """The template's own markup: of an if, its first branch; where a value comes in, an x."""
    kept: list[str] = []
    position = 0
    branches: list[bool] = []  # for each open if: whether its first branch is being read
    for tag in TAGS.finditer(source):
        if all(branches):
            kept.append(source[position : tag.start()])
            kept.append("" if tag[1] or tag[0].startswith("{#") else "x")
        position = tag.end()
        match tag[2]:
            case "if":
                branches.append(True)
            case "elif" | "else" if branches:
                branches[-1] = False
            case "endif":
                branches.pop()
    return "".join(kept) + source[position:]


def read(name: str) -> str:
    return (FOLDER / name).read_text()


def expected_id(fragment: str) -> str:
    return Path(fragment).name.removeprefix("_").removesuffix(".html").replace("_", "-")


def named(name: str) -> Iterator[str]:
    """The other templates it names in plain words."""
    for node in jinja_env.parse(read(name)).find_all(jinja.Stmt):
        if isinstance(node, jinja.Include | jinja.Extends | jinja.Import | jinja.FromImport) and isinstance(
            node.template, jinja.Const
        ):
            yield node.template.value


@pytest.mark.parametrize("name", ALL)
def test_every_template_can_be_read(name: str) -> None:
    parsed = jinja_env.parse(read(name))

    assert parsed.body


@pytest.mark.parametrize("name", ALL)
def test_every_template_named_in_another_exists(name: str) -> None:
    others = set(named(name))

    assert {other for other in others if not (FOLDER / other).is_file()} == set()


@pytest.mark.parametrize("name", [name for name in FRAGMENTS if name != "checkout/_one_click.html"])
def test_a_fragment_has_one_root_with_its_own_id(name: str) -> None:
    roots = Roots(as_html(read(name))).roots

    assert len(roots) == 1
    assert re.fullmatch(re.escape(expected_id(name)) + "(-x)?", roots[0].get("id") or "none")


@pytest.mark.parametrize("name", PANEL_STATES)
def test_every_state_of_the_panel_stands_in_the_same_place(name: str) -> None:
    roots = Roots(as_html(read(name))).roots

    assert [root.get("id") for root in roots] == ["one-click"]


@pytest.mark.parametrize("name", FRAGMENTS + RESPONSES + PANEL_STATES)
def test_what_htmx_swaps_extends_nothing(name: str) -> None:
    assert list(jinja_env.parse(read(name)).find_all(jinja.Extends)) == []


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_only_lists_fragments(name: str) -> None:
    assert as_html(read(name)).strip() == ""
    assert [other for other in named(name) if not Path(other).name.startswith("_")] == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_inline(name: str) -> None:
    html = as_html(read(name))
    page = Roots(html)
    handlers = [key for key, _ in page.attributes if key == "style" or (key.startswith("on"))]
    scripted = [
        value
        for key, value in page.attributes
        if key.startswith("hx-") and (value or "").strip().startswith(("js:", "javascript:"))
    ]

    assert handlers == []
    assert scripted == []
    assert "style" not in page.tags
    assert re.findall(r"<script\b(?![^>]*\bsrc=)", html) == []
    assert not any(key.startswith("hx-on") for key, _ in page.attributes)


@pytest.mark.parametrize("name", PAGES)
def test_every_form_works_without_a_script(name: str) -> None:
    forms = re.findall(r"<form\b.*?>(?=\s*(?:<|\{[%{#]|\w))", read(name), re.DOTALL)

    for form in forms:
        assert "action=" in form or "pays(" in form or "deeds_form(" in form
        assert "method=" in form or "pays(" in form or "deeds_form(" in form


def test_every_style_and_script_is_asked_for_by_a_page() -> None:
    layout = read("layout/base.html")
    listed = {
        kind: set(json.loads("[" + re.search(rf"set {kind} = \[(.*?)\]", layout, re.DOTALL)[1] + "]"))  # type: ignore[index]
        for kind in ("styles", "scripts")
    }
    modules = {path.stem for path in (STATIC / "js").glob("*.js")}
    imported = {
        name
        for path in (STATIC / "js").glob("*.js")
        for name in re.findall(r'from "\./([\w-]+)\.js"', path.read_text())
    }

    linked = {
        kind: {file for name in PAGES for file in re.findall(rf"filename='{kind}/([\w-]+)\.{kind}'", read(name))}
        for kind in ("css", "js")
    }

    assert listed["styles"] | linked["css"] == {path.stem for path in (STATIC / "css").glob("*.css")}
    assert listed["scripts"] | linked["js"] | imported == modules
    # A module that is both listed and imported would run twice where addresses carry a version.
    assert listed["scripts"] & imported == set()


def test_every_style_stands_in_a_layer() -> None:
    for path in sorted((STATIC / "css").glob("*.css")):
        first = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL).strip()

        assert first.startswith("@layer"), path.name
        assert "!important" not in first, path.name


def test_htmx_is_told_to_evaluate_nothing() -> None:
    settings = json.loads(re.search(r"""name="htmx-config" content='(.*?)'""", read("layout/base.html"))[1])  # type: ignore[index]

    assert settings["allowEval"] is False
    assert settings["includeIndicatorStyles"] is False
    assert settings["historyCacheSize"] == 0
    assert settings["historyRestoreAsHxRequest"] is False
    swapped = next(rule["code"] for rule in settings["responseHandling"] if "409" in rule["code"])
    assert {"409", "422", "429", "503"} <= set(swapped.split("|"))
