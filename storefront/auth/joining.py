"""Registering: the login, its mail and the wish for a Stripe customer are one transaction. Stripe itself may be down."""

from storefront.customers.joining import join, newcomer
from storefront.customers.models import User
from storefront.database import transaction
from storefront.payments.customers import want_customer


def register(name: str, email: str, password: str) -> User:
    """Make the user; raises KnownEmailError. A job makes the Stripe customer, a new one whatever the address."""
    person = newcomer(name, email, password)
    with transaction() as session:
        user = join(person)
        want_customer(user)
        session.flush()
        session.refresh(user)
        session.expunge(user)
    return user
