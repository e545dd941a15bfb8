"""The customer's profile: name, e-mail, password, sessions. What hurts in a stranger's hands asks for the password first."""

from typing import Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from storefront.core.errors import InvalidRequestError, NotFoundError
from storefront.core.rate_limits import throttle, throttle_address
from storefront.core.signing import StaleLinkError
from storefront.customers import login_sessions
from storefront.customers import profile as facts
from storefront.customers.joining import KnownEmailError
from storefront.customers.models import SessionEnd
from storefront.web.account import profile as verbs
from storefront.web.account.blueprint import account
from storefront.web.account.profile import EmailForm, NameForm, PasswordForm, context, person
from storefront.web.htmx import redirect_to, render, respond
from storefront.web.login import customer_required, fresh_login_required, is_fresh, log_in, log_out, signed_in
from storefront.web.login_forms import typed
from storefront.web.signing_in import WrongPasswordError, remember_browser

NEW_EMAILS: Final = "5 per hour"
KNOWN_EMAILS_TRIED: Final = "20 per hour"
_OFTEN_ENOUGH: Final = "You have changed it a few times already. Please wait an hour."
_PAGE: Final = "account/profile.html"


@account.get("/profile")
@customer_required
def profile() -> ResponseReturnValue:
    """Who they are to the shop."""
    return render("account/_profile.html", page=_PAGE, **context(signed_in()))


@account.get("/profile/name")
@customer_required
def name() -> ResponseReturnValue:
    """The form for another name, where the name stands."""
    me = signed_in()
    return render("account/_profile_name.html", page=_PAGE, **context(me, name_form=NameForm(data={"name": me.name})))


@account.post("/profile/name")
@customer_required
def change_name() -> ResponseReturnValue:
    """Call them something else."""
    me, form = signed_in(), NameForm()
    if not form.validate():
        return render("account/_profile_name.html", page=_PAGE, status=422, **context(me, name_form=form))
    verbs.change_name(me.id, typed(form.name))
    renamed = person(me.id)
    return respond(
        "account/renamed.hx.html", then=url_for(".profile"), customer=renamed, **context(renamed, said="name")
    )


@account.get("/profile/email")
@customer_required
def email() -> ResponseReturnValue:
    """The form for another e-mail."""
    if not is_fresh():
        return redirect_to(url_for("auth.confirm", next=request.path))
    return render(
        "account/_profile_email.html", page=_PAGE, **context(signed_in(), email_form=EmailForm(formdata=None))
    )


@account.post("/profile/email")
@fresh_login_required
def want_email() -> ResponseReturnValue:
    """Write to the new address; it counts once they have followed the link in that mail."""
    me, form = signed_in(), EmailForm()
    if not form.validate():
        return render("account/_profile_email.html", page=_PAGE, status=422, **context(me, email_form=form))
    throttle("new-email", str(me.id), limit=NEW_EMAILS, words=_OFTEN_ENOUGH)
    try:
        facts.want_email(me.id, typed(form.email))
    except InvalidRequestError as refused:
        if isinstance(refused, KnownEmailError):
            throttle_address("new-email-known", limit=KNOWN_EMAILS_TRIED)
        form.email.errors = [refused.words]
        return render("account/_profile_email.html", page=_PAGE, status=422, **context(me, email_form=form))
    return respond("account/_profile_email.html", then=url_for(".profile"), **context(person(me.id), said="email"))


@account.post("/profile/email/withdrawal")
@customer_required
def leave_email() -> ResponseReturnValue:
    """Keep the old one."""
    me = signed_in()
    facts.leave_email(me.id)
    return respond("account/_profile_email.html", then=url_for(".profile"), **context(person(me.id), said="email-left"))


@account.get("/email/<token>")
def new_email(token: str) -> ResponseReturnValue:
    """The link in our mail leads here, in whatever browser. A button proves it: mail scanners follow links too."""
    try:
        asked = facts.asked_email(token)
    except StaleLinkError as stale:
        return _new_email_page("stale", token, words=stale.words, status=404)
    return _new_email_page("ask", token, email=asked.wanted)


@account.post("/email/<token>")
def prove_new_email(token: str) -> ResponseReturnValue:
    """It is theirs: from now on they sign in with it."""
    try:
        asked = facts.asked_email(token)
        verbs.prove_new_email(asked)
    except StaleLinkError as stale:
        return _new_email_page("stale", token, words=stale.words, status=404)
    except KnownEmailError as known:
        return _new_email_page("stale", token, words=known.words, status=422)
    return _new_email_page("done", token, email=asked.wanted)


@account.get("/profile/password")
@customer_required
def password() -> ResponseReturnValue:
    """The form for another password."""
    if not is_fresh():
        return redirect_to(url_for("auth.confirm", next=request.path))
    form = PasswordForm(formdata=None)
    return render("account/_profile_password.html", page=_PAGE, **context(signed_in(), password_form=form))


@account.post("/profile/password")
@fresh_login_required
def change_password() -> ResponseReturnValue:
    """Set it: every other session ends, this one goes on."""
    me, form = signed_in(), PasswordForm()
    if not form.validate():
        return render("account/_profile_password.html", page=_PAGE, status=422, **context(me, password_form=form))
    try:
        user = verbs.set_password(me, typed(form.old), typed(form.password))
    except WrongPasswordError:
        form.old.errors = ["That is not your password."]
        return render("account/_profile_password.html", page=_PAGE, status=422, **context(me, password_form=form))
    log_in(user)
    remember_browser(user)
    return respond("account/password_changed.hx.html", then=url_for(".profile"), **context(user, said="password"))


@account.post("/profile/sessions")
@customer_required
def end_sessions() -> ResponseReturnValue:
    """Sign out everywhere, here too."""
    facts.end_sessions(signed_in().id)
    log_out()
    return redirect_to(url_for("auth.login"))


@account.post("/profile/sessions/<int:session_id>/removal")
@customer_required
def end_session(session_id: int) -> ResponseReturnValue:
    """Sign out of one browser; of this one it is the same as signing out."""
    me = signed_in()
    if session_id == me.session_id:
        log_out()
        return redirect_to(url_for("auth.login"))
    if not login_sessions.end_session(me.id, session_id, SessionEnd.from_elsewhere):
        raise NotFoundError
    return respond("account/_profile_sessions.html", then=url_for(".profile"), **context(me, said="session"))


def _new_email_page(
    state: str, token: str, *, email: str = "", words: str = "", status: int = 200
) -> ResponseReturnValue:
    said = {"state": state, "token": token, "email": email, "words": words}
    return render("account/_new_email.html", page="account/new_email.html", status=status, **said)
