"""People with browsers of their own, who come to the running shop."""

from tests.people import Shopper
from tests.stack import Shop
from tools.faults import crowd
from tools.faults.plan import Person
from tools.faults.stack import Stack


def buyers(stack: Stack, count: int, mark: str, card: str = "pm_card_visa") -> list[Shopper]:
    """So many who come back: each with an address, this card saved, and signed in."""
    people = [Person(f"Buyer{number}", (card,), (), "", 0.0) for number in range(count)]
    shop = Shop(stack.app, stack.url, stack.sandbox, stack.clock, stack.endpoints[0], _secret(stack))
    found = []
    for known in crowd.let_in(stack, people, mark):
        buyer = Shopper(shop, known.name, known.email, user_id=known.user_id, customer=known.customer)
        assert known.cookie is not None
        buyer.browser.cookies.set(*known.cookie)
        # gunicorn ends connections that are idle for two seconds, perhaps in the moment of the press; browsers ask again then.
        buyer.browser.headers["Connection"] = "close"
        found.append(buyer)
    return found


def _secret(stack: Stack) -> str:
    secret: str = stack.app.config["SETTINGS"].stripe_webhook_secrets[0]
    return secret
