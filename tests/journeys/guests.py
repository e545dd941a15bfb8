"""People without a login: an e-mail, a cart in their browser, and what that browser placed."""

from tests.journeys.hosted import PAY_HOSTED, HostedPage
from tests.people import HOME, Answer, Shopper
from tests.stack import Shop


def guest(shop: Shop, name: str = "Gita Green") -> Shopper:
    """Somebody the shop has never seen."""
    return Shopper(shop, name, f"{name.split(maxsplit=1)[0].lower()}@example.org")


def types(person: Shopper, **other: str) -> dict[str, str]:
    """What a guest writes at the checkout."""
    return HOME | {"name": person.name, "email": person.email} | other


def pays(person: Shopper, card: str = "pm_card_visa", *, htmx: bool = True, **other: str) -> Answer:
    """Type e-mail, address and a card, and press the button; the page where that leads."""
    form = person.opens("/checkout").page.form("/checkout/pay")
    typed = types(person, confirmation_token=person.shop.sandbox.confirmation_token(card)) | other
    answer = person.presses(form, htmx=htmx, typed=typed)
    return person.opens(answer.redirect) if answer.redirect else answer


def goes_to_stripe(person: Shopper, **other: str) -> HostedPage:
    """From the checkout to Stripe's page."""
    form = person.opens("/checkout").page.form("/checkout/pay")
    answer = person.presses(form, PAY_HOSTED, htmx=False, typed=types(person, **other))
    assert answer.url.startswith(f"{person.shop.sandbox.url}/pay/"), answer.html
    return HostedPage(person.shop, answer.url)
