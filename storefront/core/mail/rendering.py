"""Turning a message into words: `mail/<kind>.txt`, whose first line is the subject, and `mail/<kind>.html`."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from css_inline import CSSInliner
from flask import current_app


@dataclass(frozen=True)
class Written:
    """What the mail says, twice."""

    subject: str
    text: str
    html: str


def write(kind: str, context: dict[str, Any], *, shop_name: str, base_url: str) -> Written:
    """Render both templates of `kind`; the context of every mail also has shop_name and base_url."""
    known = {"shop_name": shop_name, "base_url": base_url, **context}
    # Not Flask's render_template: its context processors speak of a request, and there is none.
    text = current_app.jinja_env.get_template(f"mail/{kind}.txt").render(known)
    subject, _, body = text.lstrip().partition("\n")
    html = current_app.jinja_env.get_template(f"mail/{kind}.html").render(known | {"subject": subject.strip()})
    # What a template leaves out leaves its empty lines behind.
    text = re.sub(r"\n{3,}", "\n\n", body.strip()) + "\n"
    return Written(subject.strip(), text, _inliner().inline(html))


def sender_address(owner_email: str, base_url: str) -> str:
    """The owner's address, or one at the shop's own host."""
    return owner_email or f"shop@{urlsplit(base_url).hostname}"


@cache
def _inliner() -> CSSInliner:
    # Mail programs drop style sheets; those that keep the @media rules get the dark colours.
    return CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)
