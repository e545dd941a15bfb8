"""Registering: the login, its mail and the wish for a Stripe customer are one transaction. Stripe itself may be down."""

from typing import Final

from storefront.cards.customers import request_customer
from storefront.core.database import transaction
from storefront.customers.joining import join, newcomer
from storefront.customers.models import User


def register(name: str, email: str, password: str) -> User:
    """Make the user; raises KnownEmailError. A job makes the Stripe customer, a new one whatever the address."""
    person = newcomer(name, email, password)
    with transaction() as session:
        user = join(person)
        request_customer(user)
        session.flush()
        session.refresh(user)
        session.expunge(user)
    return user


# All from one address. Registering is wide: a family, an office, a school are one address.
REGISTRATIONS: Final = "60 per hour"
