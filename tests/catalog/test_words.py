import pytest

from storefront.catalog.words import clean, to_safe_html, to_text


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("", ""),
        ("Fine tea.", "<p>Fine tea.</p>"),
        ("One.\n\nTwo.", "<p>One.</p><p>Two.</p>"),
        ("One.<br><br>Two.", "<p>One.</p><p>Two.</p>"),
        ("Cups & pots", "<p>Cups &amp; pots</p>"),
        ("<h1>Tea</h1><div>Green</div>", "<h3>Tea</h3><p>Green</p>"),
        ("<h6>Tea</h6>", "<h4>Tea</h4>"),
        ("<ul><li>One</li></ul>", "<ul><li>One</li></ul>"),
        ("<p>One</p><p> <br></p>", "<p>One</p>"),
    ],
)
def test_a_description_is_put_in_paragraphs(written: str, stored: str) -> None:
    assert clean(written) == stored


@pytest.mark.parametrize(
    "harm",
    [
        "<script>x()</script>",
        "<img src=x onerror=x()>",
        "<style>p{}</style>",
        "<iframe src=//x></iframe>",
        "<form action=//x><input></form>",
    ],
)
def test_nothing_harmful_is_shown(harm: str) -> None:
    assert to_safe_html(f"<p>Tea</p>{harm}") == "<p>Tea</p>"


def test_links_lead_to_the_web_alone() -> None:
    assert to_safe_html('<a href="https://a.example" style="x" target="_blank">A</a>') == (
        '<a href="https://a.example" rel="nofollow noopener">A</a>'
    )
    assert "href" not in to_safe_html('<a href="data:text/html,x">A</a>')


def test_a_description_without_its_tags_is_a_sentence() -> None:
    assert to_text("<h3>Tea</h3><p>Cups &amp; pots.<br>Both.</p>") == "Tea Cups & pots. Both."
