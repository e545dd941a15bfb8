"""Joining, signing in and out, proving an address, getting back in."""

from typing import Any, Final

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue

from storefront.cards.claim import claim_orders_and_cards
from storefront.core.email_addresses import key_of
from storefront.core.rate_limits import throttle, throttle_address
from storefront.core.signing import StaleLinkError
from storefront.customers import proving
from storefront.customers.joining import KnownEmailError
from storefront.customers.models import User
from storefront.customers.passwords import change_password
from storefront.customers.people import user_by_email
from storefront.customers.proving import Purpose
from storefront.web.after_login import after_login
from storefront.web.after_login import finish_login as enter_here
from storefront.web.htmx import is_server_error, redirect_to, render, safe_path
from storefront.web.login import current_customer, customer_required, log_out, record_activity, signed_in
from storefront.web.login_forms import ConfirmForm, LoginForm, NewPasswordForm, RegisterForm, ResetForm, typed
from storefront.web.registration import REGISTRATIONS
from storefront.web.registration import register as make_login
from storefront.web.signing_in import WrongPasswordError, check_password

auth = Blueprint("auth", __name__, url_prefix="/auth")
# Each becomes a customer at Stripe.
REGISTRATIONS_A_DAY: Final = "150 per day"
KNOWN_EMAILS_TRIED: Final = "20 per hour"
RESETS: Final = "20 per hour"
MAILS_TO_ONE: Final = "5 per hour"
_WRITTEN_ALREADY: Final = (
    "We have written to that address a few times already. Please look into its inbox, and at the spam."
)


@auth.app_context_processor
def who_is_there() -> dict[str, Any]:
    """What the masthead of every page greets."""
    return {"customer": None if is_server_error() else current_customer()}


@auth.after_app_request
def note_who_was_there(response: Response) -> Response:
    """Who is signed in was seen here."""
    if not is_server_error():
        record_activity()
    return response


@auth.get("/register")
def register() -> ResponseReturnValue:
    """The form to join."""
    if current_customer() is not None:
        return redirect_to(after_login(None))
    return _register_page(RegisterForm(data={"next": _wanted_next()}))


@auth.post("/register")
def join() -> ResponseReturnValue:
    """Join, and be signed in."""
    form = RegisterForm()
    if not form.validate():
        return _register_page(form, status=422)
    throttle_address("register", limit=REGISTRATIONS)
    throttle_address("register-day", limit=REGISTRATIONS_A_DAY)
    try:
        user = make_login(typed(form.name), typed(form.email), typed(form.password))
    except KnownEmailError as known:
        throttle_address("register-known", limit=KNOWN_EMAILS_TRIED)
        form.email.errors = [known.words]
        return _register_page(form, known=True, status=422)
    return enter_here(user, form.next.data)


@auth.get("/login")
def login() -> ResponseReturnValue:
    """The form to sign in."""
    if current_customer() is not None:
        return redirect_to(after_login(_wanted_next()))
    return _login_page(LoginForm(data={"next": _wanted_next()}))


@auth.post("/login")
def enter() -> ResponseReturnValue:
    """Sign in."""
    form = LoginForm()
    if not form.validate():
        return _login_page(form, status=422)
    try:
        user = check_password(typed(form.email), typed(form.password))
    except WrongPasswordError as wrong:
        form.password.errors = [wrong.words]
        return _login_page(form, status=422)
    return enter_here(user, form.next.data)


@auth.post("/logout")
def logout() -> ResponseReturnValue:
    """Sign out."""
    log_out()
    return redirect_to(url_for("browse.home"))


@auth.get("/confirm")
@customer_required
def confirm() -> ResponseReturnValue:
    """Ask for the password again, before something that cannot be undone."""
    return _confirm_page(ConfirmForm(data={"next": _wanted_next()}))


@auth.post("/confirm")
@customer_required
def confirm_login() -> ResponseReturnValue:
    """It is still them."""
    form = ConfirmForm()
    if not form.validate():
        return _confirm_page(form, status=422)
    try:
        user = check_password(signed_in().email, typed(form.password))
    except WrongPasswordError:
        form.password.errors = ["That is not your password."]
        return _confirm_page(form, status=422)
    return enter_here(user, form.next.data)


@auth.get("/verify/<token>")
def verify(token: str) -> ResponseReturnValue:
    """The link in our mail leads here. A button proves it, because mail scanners follow links too."""
    try:
        user = proving.user_of_token(Purpose.verify_email, token)
    except StaleLinkError as stale:
        return _verify_page("stale", token, words=stale.words, status=404)
    if user.email_verified_at:
        return _verify_page("done", token, email=user.email)
    return _verify_page("ask", token, email=user.email, form=_password_asked_of(user))


@auth.post("/verify/<token>")
def prove(token: str) -> ResponseReturnValue:
    """The address is theirs, and so is the account: whoever only reads its mails must not prove it for a stranger."""
    try:
        user = proving.user_of_token(Purpose.verify_email, token)
    except StaleLinkError as stale:
        return _verify_page("stale", token, words=stale.words, status=404)
    form = _password_asked_of(user)
    if form is not None and not _is_password_of(user, form):
        return _verify_page("ask", token, email=user.email, form=form, status=422)
    proving.verify_email(token)
    return _verify_page("done", token, email=user.email, brought=claim_orders_and_cards(user.id))


@auth.post("/verify")
@customer_required
def ask_again() -> ResponseReturnValue:
    """Send the mail with that link once more."""
    user = signed_in()
    if user.email_verified_at is not None:
        return _verify_page("done", "", email=user.email)
    throttle("verify", str(user.id), limit=MAILS_TO_ONE, words=_WRITTEN_ALREADY)
    proving.ask_again_for_proof(user)
    return _verify_page("sent", "", email=user.email)


@auth.get("/password-reset")
def password_reset() -> ResponseReturnValue:
    """For whom shall we send a link?"""
    return _reset_page(ResetForm())


@auth.post("/password-reset")
def send_reset_link() -> ResponseReturnValue:
    """Send it if we know the address; say the same if not."""
    form = ResetForm()
    if not form.validate():
        return _reset_page(form, status=422)
    throttle_address("reset", limit=RESETS)
    throttle("reset-mail", key_of(typed(form.email)), limit=MAILS_TO_ONE, words=_WRITTEN_ALREADY)
    user = user_by_email(typed(form.email))
    if user is not None:
        proving.want_password_reset(user)
    return _reset_page(form, sent_to=typed(form.email))


@auth.get("/password-reset/<token>")
def new_password(token: str) -> ResponseReturnValue:
    """The form for a new password."""
    try:
        proving.user_of_token(Purpose.reset_password, token)
    except StaleLinkError as stale:
        return _reset_page(ResetForm(), words=stale.words, status=404)
    return _new_password_page(NewPasswordForm(), token)


@auth.post("/password-reset/<token>")
def set_new_password(token: str) -> ResponseReturnValue:
    """Set it: every older session ends, the link is used up, and the address is proven too."""
    form = NewPasswordForm()
    try:
        user = proving.user_of_token(Purpose.reset_password, token)
    except StaleLinkError as stale:
        return _reset_page(ResetForm(), words=stale.words, status=404)
    if not form.validate():
        return _new_password_page(form, token, status=422)
    proving.mark_verified(user)
    return enter_here(change_password(user.id, typed(form.password)), None)


def _password_asked_of(user: User) -> ConfirmForm | None:
    """Nobody who is signed in to it is asked."""
    here = current_customer()
    is_known = user.email_verified_at is not None or (here is not None and here.id == user.id)
    return None if is_known else ConfirmForm()


def _is_password_of(user: User, form: ConfirmForm) -> bool:
    if not form.validate():
        return False
    try:
        check_password(user.email, typed(form.password))
    except WrongPasswordError:
        form.password.errors = ["That is not this account’s password."]
        return False
    return True


def _wanted_next() -> str:
    """What they were looking at when they chose to sign in."""
    wanted = safe_path(request.args.get("next")) or safe_path(request.referrer) or ""
    return "" if wanted.startswith(f"{auth.url_prefix}/") else wanted


def _register_page(form: RegisterForm, *, known: bool = False, status: int = 200) -> ResponseReturnValue:
    return render("auth/_register.html", page="auth/register.html", status=status, form=form, known=known)


def _login_page(form: LoginForm, *, status: int = 200) -> ResponseReturnValue:
    return render("auth/_login.html", page="auth/login.html", status=status, form=form)


def _confirm_page(form: ConfirmForm, *, status: int = 200) -> ResponseReturnValue:
    return render("auth/_confirm.html", page="auth/confirm.html", status=status, form=form)


def _new_password_page(form: NewPasswordForm, token: str, *, status: int = 200) -> ResponseReturnValue:
    return render("auth/_new_password.html", page="auth/new_password.html", status=status, form=form, token=token)


def _reset_page(form: ResetForm, *, sent_to: str = "", words: str = "", status: int = 200) -> ResponseReturnValue:
    return render("auth/_reset.html", page="auth/reset.html", status=status, form=form, sent_to=sent_to, words=words)


def _verify_page(state: str, token: str, *, status: int = 200, **more: Any) -> ResponseReturnValue:
    told = {"email": "", "words": "", "brought": 0, "form": None} | more
    return render("auth/_verify.html", page="auth/verify.html", status=status, state=state, token=token, **told)
