"""A product's description: HTML that somebody else wrote, made safe and even."""

import html
import re

import nh3
from markupsafe import Markup

_TAGS = {
    "p",
    "br",
    "ul",
    "ol",
    "li",
    "strong",
    "em",
    "b",
    "i",
    "h3",
    "h4",
    "blockquote",
    "a",
    "table",
    "tbody",
    "thead",
    "tr",
    "th",
    "td",
}
_BLOCKS = re.compile(r"<(p|ul|ol|h[1-6]|div|table|blockquote)[\s>]", re.IGNORECASE)
_EMPTY = re.compile(r"<p>(\s|&nbsp;|<br>|\u00a0)*</p>")


def to_safe_html(description: str) -> Markup:
    """The description for a page: whatever it holds, only harmless tags come out."""
    return Markup(  # noqa: S704  cleaned right here
        nh3.clean(
            description,
            tags=_TAGS,
            attributes={"a": {"href"}},
            url_schemes={"http", "https", "mailto"},
            link_rel="nofollow noopener",
        )
    )


def clean(written: str) -> str:
    """A description as it is stored: safe, in paragraphs, headings no larger than the page's own allow."""
    even = re.sub(r"<(/?)h[12](?=[\s>])", r"<\1h3", written.strip(), flags=re.IGNORECASE)
    even = re.sub(r"<(/?)h[56](?=[\s>])", r"<\1h4", even, flags=re.IGNORECASE)
    even = re.sub(r"<(/?)div(?=[\s>])", r"<\1p", even, flags=re.IGNORECASE)
    if even and not _BLOCKS.search(even):
        even = "".join(
            f"<p>{part.strip()}</p>" for part in re.split(r"\n\s*\n|<br\s*/?>\s*<br\s*/?>", even) if part.strip()
        )
    return _EMPTY.sub("", str(to_safe_html(even)))


def to_text(description: str) -> str:
    """The description without tags, for search engines and mails."""
    spaced = re.sub(r"(?i)</(p|li|h[1-6]|td|tr)>|<br>", " ", description)
    return " ".join(html.unescape(nh3.clean(spaced, tags=set())).split())
