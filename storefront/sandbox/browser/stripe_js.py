"""The stand-in for Stripe.js, put together from its parts: a classic script, as Stripe's is, and cannot import."""

from functools import cache
from pathlib import Path

PARTS = ("foundation", "frames", "looks", "payment_element", "elements", "challenge", "intents", "stripe")


@cache
def stripe_js_source() -> str:
    """Return one script that leaves no name but `Stripe` behind, and does nothing when it is loaded again."""
    folder = Path(__file__).parent / "static" / "stripe"
    parts = "\n".join((folder / f"{part}.js").read_text(encoding="utf-8") for part in PARTS)
    return f'if (window.Stripe?.version !== "endive") (() => {{\n"use strict";\n\n{parts}}})();\n'
