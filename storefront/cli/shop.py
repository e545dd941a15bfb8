"""`flask shop`: its owner, and its goods."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
from click import ClickException
from flask import current_app
from werkzeug.datastructures import MultiDict
from wtforms import Form

from config import Settings
from storefront.cli.discounts import discounts
from storefront.cli.printing import ROW_ID, OwnersCommands, in_plain_words, show_table
from storefront.core import alerts, audit, installation
from storefront.core.clock import now
from storefront.core.database import transaction
from storefront.core.mail.outbox import queue_mail
from storefront.customers.address_form import email_field
from storefront.customers.joining import join, newcomer
from storefront.customers.models import Role, User
from storefront.customers.passwords import MAX_LENGTH, change_password
from storefront.customers.people import user_by_email
from storefront.customers.proving import mark_verified
from storefront.orders.email_clashes import email_clashes, give_email
from storefront.payments import stripe_account

if TYPE_CHECKING:
    from storefront.catalog.importing import Imported

SHORTEST_PASSWORD = 10

shop = OwnersCommands("shop", short_help="Make an owner; import products; offer discounts; adopt a copy.")
shop.add_command(discounts)


@shop.command("create-owner")
@click.argument("email", required=False)
@click.option("--name", help="How the shop calls them; asked for when not given.")
@click.option("--password", envvar="OWNER_PASSWORD", help="Asked for when not given.")
def create_owner(email: str | None, name: str | None, password: str | None) -> None:
    """Make EMAIL (else OWNER_EMAIL) an owner of the shop; somebody who has proven to have this address keeps their password."""
    email = _checked(email or current_app.config["SETTINGS"].owner_email or click.prompt("E-mail"))
    known = user_by_email(email)
    if known is not None and known.email_verified_at:
        _promote(known.id)
        click.echo(f"{email} has a login already, and is an owner now.")
        return
    if known is not None:
        click.echo(f"{email} has a login already, and nobody had proven that it is theirs: it gets a new password.")
        _take_over(known, _password(password))
        click.echo(f"{email} can log in as an owner now.")
        return
    name = name or click.prompt("Name")
    person = newcomer(name, email, _password(password))
    with in_plain_words():
        with transaction():
            user = join(person, role=Role.owner)
            audit.record("made an owner", f"user {user.id}")
        mark_verified(user)
    click.echo(f"{email} can log in as an owner now.")


class _Owner(Form):
    email = email_field()


def _checked(email: str) -> str:
    form = _Owner(MultiDict({"email": email}))
    if not form.validate():
        raise click.ClickException(f"{email!r} is no e-mail. For example: anna@kiesel.example")
    return str(form.email.data)


def _password(given: str | None) -> str:
    password = given or str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    if len(password) < SHORTEST_PASSWORD:
        raise click.ClickException(f"That password is too short: give it {SHORTEST_PASSWORD} characters or more.")
    if len(password) > MAX_LENGTH:
        raise click.ClickException(f"That password is too long: nobody could type more than {MAX_LENGTH} characters.")
    return password


def _take_over(known: User, password: str) -> None:
    """A stranger may have joined with the owner's address, and must not become one: their password and sessions end first."""
    user = change_password(known.id, password)
    _promote(user.id)
    mark_verified(user)


@shop.command("email-clashes")
@click.option("--give", type=(ROW_ID, str), metavar="USER EMAIL", help="Let that account sign in with another address.")
def show_email_clashes(give: tuple[int, str] | None) -> None:
    """Show accounts that share a mailbox, and orders in the account of another address: nothing is merged by itself."""
    if give:
        user_id, email = give[0], _checked(give[1])
        with in_plain_words():
            give_email(user_id, email)
        click.echo(f"User {user_id} can sign in as {email} now. We have mailed them a link to confirm it.")
        return
    rows = [(str(one.user_id), one.email, one.what) for one in email_clashes()]
    show_table(("user", "e-mail", "what"), rows, empty="No addresses clash.")


@shop.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_products(file: Path) -> None:
    """Bring in the products of FILE, a CSV as Shopify exports it; doing it again is safe."""
    from storefront.catalog.importing import import_file  # noqa: PLC0415  brings the drawing of pictures along

    with in_plain_words():
        came = import_file(file, progress=_say_how_far)
    click.echo(err=True)
    click.echo(f"{came.products} products with {came.variants} variants came in.")
    _say_what_did_not(came)


@shop.command("reindex")
def reindex_products() -> None:
    """Make anew what search and filters look into, while the shop goes on: after a restore, or changes by SQL."""
    from storefront.catalog.indexing import reindex  # noqa: PLC0415  only here is it needed

    number = reindex(progress=_say_how_far)
    click.echo(err=True)
    click.echo(f"{number} products can be found now.")


@shop.command("test-alert")
def test_alert() -> None:
    """Send one alert as a test: a mail to OWNER_EMAIL, and a POST to ALERT_WEBHOOK_URL; says what became of each."""
    settings: Settings = current_app.config["SETTINGS"]
    told = ("This is a test.", "You asked for it with flask shop test-alert.", "Nothing has to be done.")
    if settings.owner_email:
        with transaction():
            key = f"alarm:test:{now().isoformat()}"
            queue_mail("owner_alarm", settings.owner_email, key, dict(zip(("what", "why", "to_do"), told, strict=True)))
        click.echo(f"A mail to {settings.owner_email} is queued; flask worker sends it.")
    else:
        click.echo("OWNER_EMAIL is not set: no alert comes by mail.")
    if not settings.alert_webhook_url:
        click.echo("ALERT_WEBHOOK_URL is not set: no alert is posted anywhere.")
        return
    try:
        alerts.send(settings.alert_webhook_url, alerts.body_for(settings, "test", *told))
    except alerts.AlertNotTakenError as error:
        raise ClickException(f"ALERT_WEBHOOK_URL: {error}") from error
    click.echo(f"{urlsplit(settings.alert_webhook_url).hostname} took the alert.")


@shop.command("adopt")
@click.confirmation_option(prompt="From now on this one charges, refunds and writes to customers. Is it the shop?")
def adopt() -> None:
    """Take this database, at this BASE_URL, for the shop: after a move to another address, or to try things in a copy."""
    settings = current_app.config["SETTINGS"]
    before = installation.activate()
    account = stripe_account.switch_account()
    came_from = f", which was at {before} until now" if before not in {"", settings.base_url} else ""
    click.echo(f"The shop is at {settings.base_url}{came_from}. What waited is done from now on.")
    if account:
        click.echo(f"Its Stripe account is {account} now; the cards that were saved at the one before are given up.")


def _promote(user_id: int) -> None:
    with transaction() as session:
        user = session.get_one(User, user_id)
        audit.record("changed the role", f"user {user_id}", before={"role": user.role}, after={"role": Role.owner})
        user.role = Role.owner


def _say_how_far(done: int, of: int) -> None:
    click.echo(f"\r{done} of {of} products", nl=False, err=True)


def _say_what_did_not(came: "Imported") -> None:
    if came.drawn:
        click.echo(f"{came.drawn} of them got a drawn picture, because theirs could not be fetched.")
    if came.problems:
        click.echo(f"{len(came.problems)} did not come in:")
        rows = [(str(problem.line), problem.handle, problem.reason) for problem in came.problems]
        show_table(("line", "product", "why"), rows, empty="")
        raise SystemExit(1)
