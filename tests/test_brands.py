"""A card's brand has one name everywhere."""

import pytest

from storefront.cards.brands import brand_name, card_name


@pytest.mark.parametrize(
    ("brand", "name"),
    [
        ("visa", "Visa"), ("amex", "American Express"), ("american_express", "American Express"), ("jcb", "JCB"),
        ("cartes_bancaires", "Cartes Bancaires"), ("some_new_brand", "Some New Brand"), ("", "Card"), ("unknown", "Card"),
    ],
)  # fmt: skip
def test_a_brand_has_its_own_spelling(brand: str, name: str) -> None:
    assert brand_name(brand) == name


def test_a_card_without_digits_has_no_name() -> None:
    assert (card_name("visa", "4242"), card_name("visa", "")) == ("Visa •• 4242", "")
