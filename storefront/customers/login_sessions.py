"""Who is signed in, and where: a row for each browser, so that signing out ends it whoever holds a copy of its cookie.

The cookie holds a random token, the row its hash. A row is written at the login and the end, and at most every five minutes
in between.
"""

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Row, Update, bindparam, delete, or_, select, update
from sqlalchemy.exc import OperationalError

from storefront.core.clock import now
from storefront.core.database import current_session, independent_transaction, transaction
from storefront.core.errors import InvalidRequestError
from storefront.core.jobs.queue import job
from storefront.customers.models import LoginSession, SessionEnd, User

# Of a browser that was not seen for so long the cookie is not taken any more, nor kept by the browser.
MAX_AGE: Final = dt.timedelta(days=60)
SEEN_INTERVAL: Final = dt.timedelta(minutes=5)
# What has ended is in the customer's export for so long.
RETENTION: Final = dt.timedelta(days=30)
MAX_LISTED: Final = 50

# Asked with every page of everybody who is signed in: putting it together takes as long as asking it.
_OF_TOKEN: Final = (
    select(User, LoginSession.id, LoginSession.seen_at)
    .join(LoginSession, LoginSession.user_id == User.id)
    .where(
        LoginSession.token_hash == bindparam("token_hash"),
        LoginSession.ended_at.is_(None),
        LoginSession.seen_at > bindparam("seen_since"),
    )
)


class SessionEndedError(InvalidRequestError):
    """All sessions of this user were ended after their password was checked."""

    words = "You were signed out everywhere a moment ago. Please sign in again."


def begin_session(user: User, device: str) -> None:
    """Sign a user in, in a browser called `device`; this copy of them has the token for its cookie.

    Raises SessionEndedError if all their sessions were ended since `user` was read: a password that was right
    before it was changed lets nobody in after.
    """
    token = secrets.token_urlsafe(32)
    with transaction() as session:
        # Shared with other logins; a change of the password waits, or is waited for.
        version = session.scalar(select(User.session_version).where(User.id == user.id).with_for_update(read=True))
        if version != user.session_version:
            raise SessionEndedError
        row = LoginSession(user_id=user.id, token_hash=_hashed(token), device=device)
        session.add(row)
        session.flush()
        session_id, seen_at = row.id, row.seen_at
    user.session_token, user.session_id, user.seen_at = token, session_id, seen_at


def user_of_token(token: str) -> User | None:
    """Whom a cookie stands for; none once its session has ended. The copy knows its session: `session_id`, `seen_at`."""
    told = {"token_hash": _hashed(token), "seen_since": now() - MAX_AGE}
    session = current_session()
    found = session.execute(_OF_TOKEN, told).one_or_none()
    if found is None:
        return None
    user: User = found.User
    session.expunge(user)
    user.session_token, user.session_id, user.seen_at = token, found.id, found.seen_at
    return user


def note_seen(user: User) -> None:
    """Note that their browser is still used, where that was noted more than five minutes ago. Never waits for other writers."""
    moment = now()
    if user.seen_at is None or user.seen_at > moment - SEEN_INTERVAL:
        return
    stale = LoginSession.seen_at <= moment - SEEN_INTERVAL
    still = update(LoginSession).where(LoginSession.id == user.session_id, LoginSession.ended_at.is_(None), stale)
    try:
        with independent_transaction(wait=False) as connection:
            connection.execute(still.values(seen_at=moment))
    except (BlockingIOError, OperationalError):
        return  # it is noted with the next page


def sessions_of(user_id: int) -> Sequence[LoginSession]:
    """Where they are signed in, the last seen first; the newest fifty."""
    mine = select(LoginSession).where(*_live(user_id)).order_by(LoginSession.seen_at.desc(), LoginSession.id.desc())
    return current_session().scalars(mine.limit(MAX_LISTED)).all()


def end_session(user_id: int, session_id: int, why: SessionEnd) -> bool:
    """End one of their sessions; whether it was theirs. One that has ended stays as it ended."""
    mine = (LoginSession.id == session_id, LoginSession.user_id == user_id)
    with transaction() as session:
        is_theirs = session.scalar(select(LoginSession.id).where(*mine)) is not None
        session.execute(_ended(why).where(*mine))
    return is_theirs


def end_all_sessions(user: User, why: SessionEnd) -> None:
    """Inside a transaction, the user's row locked: end every session, and let no login go on that has begun."""
    user.session_version += 1
    current_session().execute(_ended(why).where(LoginSession.user_id == user.id))


def delete_sessions(user_id: int) -> None:
    """Inside a transaction: leave nothing of where they were signed in."""
    current_session().execute(delete(LoginSession).where(LoginSession.user_id == user_id))


def session_history(
    user_id: int,
) -> Sequence[Row[str, dt.datetime, dt.datetime, dt.datetime | None, SessionEnd | None]]:
    """All that we keep of their sessions, the newest first: for their export."""
    columns = (LoginSession.device, LoginSession.signed_in_at, LoginSession.seen_at, LoginSession.ended_at)
    kept = select(*columns, LoginSession.ended_why).where(LoginSession.user_id == user_id)
    return current_session().execute(kept.order_by(LoginSession.id.desc())).all()


@job("forget_old_sessions", every_seconds=24 * 60 * 60)
def delete_old_sessions() -> None:
    """Delete sessions a month after their end, and those whose browser was not seen for as long as its cookie is good."""
    with transaction() as session:
        is_old = or_(LoginSession.ended_at < now() - RETENTION, LoginSession.seen_at < now() - MAX_AGE)
        session.execute(delete(LoginSession).where(is_old))


def _live(user_id: int) -> tuple[ColumnElement[bool], ...]:
    return LoginSession.user_id == user_id, LoginSession.ended_at.is_(None), LoginSession.seen_at > now() - MAX_AGE


def _ended(why: SessionEnd) -> Update:
    ended = update(LoginSession).where(LoginSession.ended_at.is_(None)).values(ended_at=now(), ended_why=why)
    return ended.execution_options(synchronize_session=False)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
