"""The mails of customers' logins: what their links are is decided when they are sent."""

from typing import Any

from flask import current_app

from storefront.core.mail.outbox import message
from storefront.customers.people import user_by_id
from storefront.customers.proving import Purpose, token_for


@message(Purpose.verify_email)
def write_verify_email(context: dict[str, Any]) -> dict[str, Any] | None:
    """Who is asked to prove their address; nobody, once it is proven."""
    user = user_by_id(context["user_id"])
    if user is None or user.email_verified_at is not None:
        return None
    link = _address(f"/auth/verify/{token_for(Purpose.verify_email, user)}")
    return {"first_name": user.first_name, "email": user.email, "link": link}


@message(Purpose.reset_password)
def write_reset_password(context: dict[str, Any]) -> dict[str, Any] | None:
    """Who forgot their password."""
    user = user_by_id(context["user_id"])
    if user is None:
        return None
    link = _address(f"/auth/password-reset/{token_for(Purpose.reset_password, user)}")
    return {"first_name": user.first_name, "link": link}


@message("password_changed")
def write_password_changed(context: dict[str, Any]) -> dict[str, Any] | None:
    """Whoever it was: the one whose login it is hears of it."""
    user = user_by_id(context["user_id"])
    return None if user is None else {"first_name": user.first_name, "link": _address("/auth/password-reset")}


@message(Purpose.change_email)
def write_change_email(context: dict[str, Any]) -> dict[str, Any] | None:
    """Who is asked at their new address; nobody, if they want another one by now."""
    user = user_by_id(context["user_id"])
    if user is None or user.email_wanted != context["email"]:
        return None
    link = _address(f"/account/email/{token_for(Purpose.change_email, user)}")
    return {"first_name": user.first_name, "email": user.email_wanted, "link": link}


@message("email_change_asked")
def write_email_change_asked(context: dict[str, Any]) -> dict[str, Any] | None:
    """Whoever asked: the one at the old address hears of it."""
    user = user_by_id(context["user_id"])
    if user is None:
        return None
    return {"first_name": user.first_name, "new_email": context["new_email"], "link": _address("/auth/password-reset")}


@message("email_changed")
def write_email_changed(context: dict[str, Any]) -> dict[str, Any] | None:
    """Both addresses hear which one counts now."""
    user = user_by_id(context["user_id"])
    return (
        None if user is None else {"first_name": user.first_name} | {key: context[key] for key in ("before", "after")}
    )


@message("goodbye")
def write_goodbye(context: dict[str, Any]) -> dict[str, Any]:
    """Who left: their row is empty by now."""
    return {"first_name": context["first_name"]}


def _address(path: str) -> str:
    base_url: str = current_app.config["SETTINGS"].base_url
    return f"{base_url}{path}"
