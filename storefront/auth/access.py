"""Who is asking. The only place that knows Flask-Login, which has no types."""

import datetime as dt
import functools
from collections.abc import Callable
from typing import Final, ParamSpec

from flask import session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from storefront import audit
from storefront.clock import now
from storefront.customers.models import User
from storefront.customers.people import user_of_session
from storefront.errors import NotYoursError
from storefront.extensions import login_manager
from storefront.hypermedia import go_to, page_asked_from

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]

# So long after typing the password it need not be typed again for what hurts when a stranger does it.
FRESH_FOR: Final = dt.timedelta(minutes=30)
_PROVED_AT: Final = "proved_at"
# The orders that this browser placed as a guest. They stay its own when it signs in, and go when it signs out.
PLACED: Final = "placed"
# Those that a mailed link showed here: whoever reads the mail sees them, which is less than having placed them.
SHOWN: Final = "shown"

login_manager.user_loader(user_of_session)
audit.ask_who(lambda: (user := current_customer()) and user.id)


def current_customer() -> User | None:
    """Who is signed in: a copy as of the start of this request, which may be read at any time.

    A visitor without a session costs no query. What is to be changed is loaded anew, in its transaction.
    """
    user = current_user._get_current_object()  # noqa: SLF001  Werkzeug's own way out of its proxy
    return user if isinstance(user, User) else None


def signed_in() -> User:
    """The same where a view is only reached signed in."""
    user = current_customer()
    if user is None:
        raise NotYoursError
    return user


def customer_required(view: View[P]) -> View[P]:
    """Lead everybody else to the login, and back afterwards; the whole page, under htmx too."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if current_customer() is None:
            return go_to(url_for("auth.login", next=page_asked_from()))
        return view(*args, **kwargs)

    return guarded


def fresh_login_required(view: View[P]) -> View[P]:
    """Ask for the password again where it was typed too long ago."""

    @customer_required
    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not is_fresh():
            return go_to(url_for("auth.confirm", next=page_asked_from()))
        return view(*args, **kwargs)

    return guarded


def is_fresh() -> bool:
    """Whether the password was typed in this browser, at this address, a short while ago."""
    proved_at: float = session.get(_PROVED_AT, 0)
    is_same_browser: bool = session.get("_fresh", False)
    return is_same_browser and 0 <= now().timestamp() - proved_at <= FRESH_FOR.total_seconds()


def let_in(user: User) -> None:
    """Start a session of their own: of what was in the browser before only its guest's orders are in it."""
    guests = {name: session[name] for name in (PLACED, SHOWN) if name in session}
    session.clear()
    session.update(guests)
    login_user(user)
    session.permanent = True
    session[_PROVED_AT] = now().timestamp()


def let_out() -> None:
    """End the session."""
    logout_user()
    session.clear()
