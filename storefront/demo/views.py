"""What only the demo has: the sandbox's pages on the shop's own port, and the mail that was sent."""

from flask import Blueprint, Response, abort, current_app, make_response, render_template, request
from sqlalchemy import select
from urllib3.exceptions import HTTPError

from config import Settings
from storefront.core.database import current_session, end_read
from storefront.core.errors import BusyError, NotFoundError
from storefront.core.mail.models import MailState, OutboundMail
from storefront.demo.proxy import hand_on, is_for_browsers

NEWEST = 100
# A mail brings its own styles and may bring links, but no script; it is drawn as if it came from nowhere.
LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'self'; "
    "sandbox allow-top-navigation-by-user-activation"
)

demo = Blueprint("demo", __name__)


@demo.route("/sandbox/<path:path>", methods=["GET", "POST", "OPTIONS", "DELETE"], provide_automatic_options=False)
def sandbox(path: str) -> Response:
    """The part of the sandbox that is for browsers."""
    if not is_for_browsers(path, request):
        abort(404)
    end_read()
    try:
        return hand_on(_settings().stripe_api_base, path, request)
    except HTTPError as error:
        raise BusyError("The sandbox does not answer. Please try again in a moment.") from error


@demo.before_request
def only_in_the_demo() -> None:
    """Mail is shown to everybody, so only where nobody's mail is real."""
    if request.path.startswith("/demo/") and not _settings().demo:
        abort(404)


@demo.get("/demo/mail")
def mails() -> str:
    """The newest mails, the newest first."""
    posted = select(OutboundMail).where(OutboundMail.state != MailState.dropped).order_by(OutboundMail.id.desc())
    newest = current_session().scalars(posted.limit(NEWEST)).all()
    return render_template("demo/mails.html", mails=newest)


@demo.get("/demo/mail/<int:mail_id>")
def mail(mail_id: int) -> str:
    """One mail, as it looks and as plain text."""
    return render_template("demo/mail.html", mail=_mail(mail_id))


@demo.get("/demo/mail/<int:mail_id>/letter")
def letter(mail_id: int) -> Response:
    """The HTML of a mail by itself, for a frame."""
    html = _mail(mail_id).body_html.replace("<head>", '<head><base target="_top">', 1)
    response = make_response(html)
    response.headers["Content-Security-Policy"] = LETTER_POLICY
    return response


def _mail(mail_id: int) -> OutboundMail:
    found = current_session().get(OutboundMail, mail_id)
    if found is None:
        raise NotFoundError
    return found


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
