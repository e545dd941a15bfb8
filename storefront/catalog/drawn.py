"""A drawn stand-in for a picture that nobody gave us: the same thing always looks the same."""

import colorsys
import hashlib
import html
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

_FOLDER = Path(__file__).parent / "forms"
_TABLE_LINE = 690
_WALL_LINE = 884  # what hangs needs more wall

# The first form whose words are found is taken: a "book bag" is a bag, and "high tops" are shoes.
_WORDS_OF_FORMS = {
    "shoes": "shoe boot sneaker trainer sandal slipper|high tops|footwear",
    "bag": "bag tote backpack rucksack purse handbag satchel wallet",
    "jacket": "jacket coat blazer tuxedo suit parka anorak cardigan vest",
    "jumper": "jumper sweater pullover hoodie sweatshirt fleece knit knitwear|long sleeve",
    "skirt": "skirt dress gown",
    "trousers": "trousers trouser pants jeans chinos shorts leggings",
    "top": "top tee t-shirt tank polo jersey",
    "shirt": "shirt blouse tunic",
    "hat": "hat cap beanie fedora",
    "ring": "ring jewellery jewelry necklace earring bracelet",
    "cup": "cup mug beaker tumbler coffee tea",
    "bottle": "bottle wine oil vinegar syrup shampoo lotion perfume flask",
    "book": "book notebook novel diary journal planner album",
    "box": "box case crate chest tin set kit",
}
_HANGING = {"jacket", "jumper", "skirt", "trousers", "top", "shirt"}

_COLOURS = {
    "black": "#3a3836", "white": "#ece6da", "cream": "#e6dac0", "grey": "#8d9095", "gray": "#8d9095", "silver": "#b4b8bb",
    "red": "#b5402f", "rust": "#b5552f", "orange": "#d2763a", "yellow": "#dcae35", "gold": "#c99a4c", "green": "#4b7a55",
    "olive": "#7a7d4b", "teal": "#35777a", "blue": "#4a74a5", "navy": "#33496b", "denim": "#48658a", "purple": "#79598a",
    "pink": "#cf8a93", "brown": "#7d5236", "leather": "#7d5236", "beige": "#cdb995",
}  # fmt: skip
_UNNAMED_COLOURS = ("#4a74a5", "#b5552f", "#4b7a55", "#79598a", "#cda23c", "#35777a", "#a5606a", "#6a7280")

_PRINTS = {
    "striped": '<path stroke="#fff" stroke-width="9" opacity=".55" d="M0 12h48M0 36h48"/>',
    "chequered": '<path stroke="#fff" stroke-width="14" opacity=".3" d="M0 24h48M24 0v48"/>'
    '<path stroke="#000" stroke-width="5" opacity=".22" d="M0 3h48M3 0v48"/>',
    "floral": '<g fill="#c4576a" opacity=".75"><circle cx="14" cy="9" r="5"/><circle cx="20" cy="14" r="5"/>'
    '<circle cx="14" cy="19" r="5"/><circle cx="8" cy="14" r="5"/></g><circle cx="14" cy="14" r="3.5" fill="#f0d27a"/>'
    '<path stroke="#5f7f52" stroke-width="4" stroke-linecap="round" opacity=".7" d="M34 32l7 9M40 31l-3 11"/>',
}
_PRINT_WORDS = {
    "stripe": "striped",
    "stripes": "striped",
    "checked": "chequered",
    "checkered": "chequered",
    "plaid": "chequered",
}
_WEAVE = '<path stroke="#fff" opacity=".2" d="M0 1h48M0 9h48M0 17h48M0 25h48M0 33h48M0 41h48"/>'


@dataclass(frozen=True)
class _Paint:
    """A colour with its lights and shadows, under the window at the upper left."""

    light: str
    base: str
    dark: str
    deep: str


def drawn_picture(handle: str, title: str, kind: str) -> str:
    """An SVG of 800 × 1000, guessed from the words, on a ground of the handle's own hue."""
    chance = hashlib.sha256(handle.encode()).digest()
    words = re.findall(r"[a-z]+(?:-[a-z]+)?", f"{title} {kind}".lower())
    form = _form_of(" ".join(words))
    paint = _paint(next((_COLOURS[word] for word in words if word in _COLOURS), _UNNAMED_COLOURS[chance[1] % 8]))
    colours = {**vars(paint), **_ground(chance[0] / 256)}
    hangs = form in _HANGING
    return _template("scene").substitute(
        colours,
        title=html.escape(f"A drawing that stands in for a picture of {title}"),
        line=_WALL_LINE if hangs else _TABLE_LINE,
        print=_print_of(words),
        form=(_read("hanger") if hangs else "")
        + _template(form).substitute(colours, folds=_template("folds").substitute(colours)),
    )


def _form_of(text: str) -> str:
    return next((form for form, pattern in _patterns().items() if pattern.search(text)), "parcel")


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        form: re.compile(rf"\b(?:{'|'.join(_alternatives(words))})(?:e?s)?\b")
        for form, words in _WORDS_OF_FORMS.items()
    }


def _alternatives(words: str) -> list[str]:
    """Single words come first, then phrases, each after a bar."""
    singles, *phrases = words.split("|")
    return [*singles.split(), *phrases]


def _print_of(words: list[str]) -> str:
    named = (_PRINTS.get(_PRINT_WORDS.get(word, word)) for word in words)
    inner = next((found for found in named if found), _WEAVE)
    return f'<pattern id="print" width="48" height="48" patternUnits="userSpaceOnUse">{inner}</pattern>'


def _paint(base: str) -> _Paint:
    return _Paint(_mixed(base, "#fff4e2", 0.4), base, _mixed(base, "#1c1420", 0.32), _mixed(base, "#140e18", 0.6))


def _ground(hue: float) -> dict[str, str]:
    wall = _hex(*(part * 255 for part in colorsys.hls_to_rgb(hue, 0.85, 0.2)))
    steps = {"wall_far": 0.09, "floor": 0.06, "floor_near": 0.2, "shadow": 0.82}
    deep = _hex(*(part * 255 for part in colorsys.hls_to_rgb(hue, 0.1, 0.3)))
    return {"wall": wall, **{name: _mixed(wall, deep, amount) for name, amount in steps.items()}}


def _mixed(colour: str, other: str, amount: float) -> str:
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(other[1:]), strict=True)
    return _hex(*(one + (two - one) * amount for one, two in pairs))


def _hex(*parts: float) -> str:
    return "#" + "".join(f"{round(part):02x}" for part in parts)


@cache
def _template(name: str) -> Template:
    return Template(_read(name))


@cache
def _read(name: str) -> str:
    return (_FOLDER / f"{name}.svg").read_text(encoding="utf-8")
