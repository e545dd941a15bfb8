"""What customers do to their profile: the shop's own row and what Stripe is told of it are one transaction."""

from functools import partial
from typing import Any, Final

from flask_wtf import FlaskForm

from storefront.cards.claim import claim_orders_and_cards
from storefront.cards.customers import request_customer_sync
from storefront.core.database import transaction
from storefront.core.errors import NotFoundError
from storefront.customers import profile
from storefront.customers.address_form import email_field
from storefront.customers.login_sessions import sessions_of
from storefront.customers.models import User
from storefront.customers.passwords import change_password
from storefront.customers.people import user_by_id
from storefront.customers.profile import NewEmail
from storefront.web.login import current_customer
from storefront.web.login_forms import name_field, new_password_field, password_field
from storefront.web.signing_in import WrongPasswordError, check_password

_NOTHING_SAID: Final = {"name_form": None, "email_form": None, "password_form": None, "said": ""}


class NameForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """How may we call you?"""

    name = name_field()


class EmailForm(FlaskForm):  # type: ignore[misc]
    """Where may we write to?"""

    email = email_field()


class PasswordForm(FlaskForm):  # type: ignore[misc]
    """The old password, and the one that takes its place."""

    old = password_field("Password until now")
    password = new_password_field("New password")


def context(person: User, **said: Any) -> dict[str, Any]:
    """What account/_profile.html is drawn from; `said` is what this answer adds: an open form, or what was done.

    The sessions are asked for where they are drawn, which most of its fragments do not.
    """
    return {"person": person, "sessions": partial(sessions_of, person.id)} | _NOTHING_SAID | said


def person(user_id: int) -> User:
    """They as they are now, after a change."""
    user = user_by_id(user_id)
    if user is None:
        raise NotFoundError
    here = current_customer()
    user.session_id = here.session_id if here and here.id == user_id else 0
    return user


def change_name(user_id: int, name: str) -> None:
    """Call them this, here and at Stripe."""
    with transaction():
        request_customer_sync(user_id)
        profile.rename(user_id, name)


def prove_new_email(asked: NewEmail) -> None:
    """The new address is theirs: it counts, here and at Stripe. Raises KnownEmailError."""
    with transaction():
        request_customer_sync(asked.user_id)
        profile.change_email(asked)
    claim_orders_and_cards(asked.user_id)


def set_password(user: User, old: str, new: str) -> User:
    """Another password ends every session; raises WrongPasswordError or RateLimitedError."""
    if check_password(user.email, old).id != user.id:
        raise WrongPasswordError
    return change_password(user.id, new)
