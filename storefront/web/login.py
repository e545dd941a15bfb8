"""Who is asking. The only place that knows Flask-Login, which has no types."""

import datetime as dt
import functools
from collections.abc import Callable
from typing import Final, ParamSpec

from flask import g, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from storefront.core import audit
from storefront.core.clock import now
from storefront.core.errors import NotFoundError
from storefront.customers.login_sessions import begin_session, end_session, note_seen, user_of_token
from storefront.customers.models import SessionEnd, User
from storefront.extensions import login_manager
from storefront.web.devices import device_name
from storefront.web.htmx import current_page, redirect_to

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]

# So long after typing the password it need not be typed again for what hurts when a stranger does it.
FRESH_LOGIN_WINDOW: Final = dt.timedelta(minutes=30)
_PROVED_AT: Final = "proved_at"
# The orders that this browser placed as a guest. They stay its own when it signs in, and go when it signs out.
PLACED_ORDERS_KEY: Final = "placed"
# Those that a mailed link showed here: whoever reads the mail sees them, which is less than having placed them.
SHOWN_ORDERS_KEY: Final = "shown"

login_manager.user_loader(user_of_token)
audit.set_actor(lambda: (user := current_customer()) and user.id)


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
        raise NotFoundError
    return user


def customer_required(view: View[P]) -> View[P]:
    """Lead everybody else to the login, and back afterwards; the whole page, under htmx too."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if current_customer() is None:
            return redirect_to(url_for("auth.login", next=current_page()))
        return view(*args, **kwargs)

    return guarded


def fresh_login_required(view: View[P]) -> View[P]:
    """Ask for the password again where it was typed too long ago."""

    @customer_required
    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not is_fresh():
            return redirect_to(url_for("auth.confirm", next=current_page()))
        return view(*args, **kwargs)

    return guarded


def is_fresh() -> bool:
    """Whether the password was typed in this browser, at this address, a short while ago."""
    proved_at: float = session.get(_PROVED_AT, 0)
    is_same_browser: bool = session.get("_fresh", False)
    return is_same_browser and 0 <= now().timestamp() - proved_at <= FRESH_LOGIN_WINDOW.total_seconds()


def log_in(user: User) -> None:
    """Start a session of their own: of what was in the browser before only its guest's orders are in it.

    Who is signed in as them here already goes on with that session. Raises SessionEndedError.
    """
    guests = {name: guest_orders(name) for name in (PLACED_ORDERS_KEY, SHOWN_ORDERS_KEY) if name in session}
    if not _goes_on_here(user):
        _end_here(SessionEnd.replaced)
        begin_session(user, device_name(request.headers.get("User-Agent", "")))
    session.clear()
    session.update(guests)
    login_user(user)
    session.permanent = True
    session[_PROVED_AT] = now().timestamp()


def log_out() -> None:
    """End the session, here and for whoever holds a copy of its cookie."""
    _end_here(SessionEnd.signed_out)
    logout_user()
    session.clear()


def guest_orders(name: str) -> list[str]:
    """The orders this browser placed as a guest (PLACED), or was shown (SHOWN).

    None from a cookie of a session that has ended: it is a copy, or of a browser that was signed out from elsewhere.
    """
    return [] if is_signed_out() else session.get(name, [])


def is_signed_out() -> bool:
    """Whether this cookie is of a session that has ended."""
    return session.get("_user_id") is not None and current_customer() is None


def drop_ended_session() -> None:
    """Begin anew as a guest, where the session has ended and its cookie is still here."""
    if is_signed_out():
        session.clear()


def record_activity() -> None:
    """After a request that asked who is there: note that this browser is still used."""
    user = g.get("_login_user")
    if isinstance(user, User):
        note_seen(user)


def _goes_on_here(user: User) -> bool:
    """Whether they are signed in here already, and were not signed out everywhere since: then it stays that session."""
    here = current_customer()
    if here is None or (here.id, here.session_version) != (user.id, user.session_version):
        return False
    user.session_token, user.session_id, user.seen_at = here.session_token, here.session_id, here.seen_at
    return True


def _end_here(why: SessionEnd) -> None:
    user = current_customer()
    if user is not None:
        end_session(user.id, user.session_id, why)
