"""A mail is a row first, is sent once, and again with the same Message-ID when that failed."""

import datetime as dt
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.core.jobs.models import Job
from storefront.core.jobs.worker import run_due
from storefront.core.mail.delivery import delete_old_bodies, send_mail
from storefront.core.mail.models import MailState, OutboundMail
from storefront.core.mail.outbox import queue_mail
from storefront.core.mail.sending import Letter, NotEncryptedError, as_message, sender_for
from tests.apps import bare_app
from tests.doors import MovedClock
from tests.mail.post_office import PostOffice

ALARM = {"what": "Money that fits no order", "why": "pi_1 has our mark", "to_do": "Look."}


def post_alarm(key: str = "alarm:1", *, to: str = "olive@kiesel.example", send_at: dt.datetime | None = None) -> None:
    with transaction():
        queue_mail("owner_alarm", to, key, ALARM, send_at=send_at)


def the_mail() -> OutboundMail:
    current_session().rollback()
    return current_session().scalars(select(OutboundMail)).one()


@pytest.mark.usefixtures("inside")
class TestSending:
    def test_it_goes_out_as_text_and_html_from_the_owner(self, office: PostOffice) -> None:
        post_alarm()

        run_due()

        (letter,) = office.letters
        assert letter["Subject"] == "Please look: Money that fits no order"
        assert (letter["From"], letter["To"]) == ("Kiesel <olive@kiesel.example>", "olive@kiesel.example")
        assert letter["Message-ID"] == f"<{the_mail().message_id}>"
        text, html = (letter.get_body((kind,)) for kind in ("plain", "html"))
        assert text is not None
        assert "What to do: Look." in text.get_content()
        assert html is not None
        assert "<h1 style=" in html.get_content()

    def test_nobody_is_written_to_without_an_address(self, office: PostOffice) -> None:
        post_alarm(to="")

        run_due()

        assert the_mail().state is MailState.dropped
        assert office.letters == []
        assert [one for one in current_session().scalars(select(Job.last_error)) if one] == []

    def test_the_row_keeps_what_was_sent(self) -> None:
        post_alarm()

        run_due()

        mail = the_mail()
        assert (mail.state, mail.subject) == (MailState.sent, "Please look: Money that fits no order")
        assert mail.sent_at is not None
        assert "pi_1 has our mark" in mail.body_text
        assert "pi_1 has our mark" in mail.body_html

    def test_the_same_news_twice_is_one_mail(self, office: PostOffice) -> None:
        post_alarm()
        post_alarm()

        run_due()

        assert len(office.letters) == 1

    def test_done_twice_it_is_one_mail(self, office: PostOffice) -> None:
        post_alarm()
        run_due()

        send_mail(the_mail().id)

        assert len(office.letters) == 1

    def test_it_waits_for_its_time(self, office: PostOffice, later: MovedClock) -> None:
        post_alarm(send_at=now() + dt.timedelta(minutes=3))

        run_due()
        assert office.letters == []
        later.forward(181)
        run_due()

        assert len(office.letters) == 1

    def test_refused_it_is_sent_later_as_the_same_mail(self, office: PostOffice, later: MovedClock) -> None:
        post_alarm()
        office.refuses = True
        run_due()
        assert the_mail().state is MailState.failed
        assert "come back later" in the_mail().error

        office.refuses = False
        later.forward(3600)
        run_due()

        (letter,) = office.letters
        assert letter["Message-ID"] == f"<{the_mail().message_id}>"
        assert (the_mail().state, the_mail().error) == (MailState.sent, "")


def test_without_a_mail_server_it_stays_in_the_outbox(database_url: str, office: PostOffice) -> None:
    with bare_app(database_url, MAIL_URL="outbox:") as app, app.app_context():
        post_alarm()
        run_due()

        assert (the_mail().state, office.letters) == (MailState.sent, [])
        assert the_mail().body_html != ""


def test_a_copy_of_the_shop_sends_nothing_but_keeps_it(database_url: str, office: PostOffice) -> None:
    with bare_app(database_url, MAIL_URL=office.url, STAGING_COPY="1") as app, app.app_context():
        post_alarm()
        run_due()

        assert (the_mail().state, office.letters) == (MailState.queued, [])
        job = current_session().scalars(select(Job).where(Job.kind == "send_mail")).one()
        assert (job.finished_at, job.tries) == (None, 0)


def test_the_mail_server_may_be_away(database_url: str, tmp_path: Path, later: MovedClock) -> None:
    with (
        bare_app(database_url, MAIL_URL="smtp://127.0.0.1:1", CLOCK_FILE=str(tmp_path / "clock")) as app,
        app.app_context(),
    ):
        post_alarm()
        run_due()

        assert the_mail().state is MailState.failed
        assert "ConnectionRefusedError" in the_mail().error


@pytest.mark.usefixtures("inside")
def test_bodies_are_emptied_after_a_month(later: MovedClock) -> None:
    post_alarm()
    run_due()
    later.forward(31 * 24 * 60 * 60)

    delete_old_bodies()

    mail = the_mail()
    assert (mail.body_text, mail.body_html, mail.context) == ("", "", {})
    assert mail.subject == "Please look: Money that fits no order"


def test_no_password_is_sent_in_the_clear(office: PostOffice) -> None:
    letter = Letter(
        "Kiesel", "shop@kiesel.example", "mara@kiesel.example", "1@storefront", "Hello", "text", "<p>html</p>"
    )

    with pytest.raises(NotEncryptedError):
        sender_for(f"smtp://user:password@127.0.0.1:{office.port}")(letter)

    assert office.letters == []


def test_no_line_break_can_add_a_header() -> None:
    letter = Letter(
        "Kiesel", "shop@kiesel.example", "mara@kiesel.example", "1@x", "Hi\nBcc: all@kiesel.example", "t", "h"
    )

    with pytest.raises(ValueError, match="linefeed"):
        as_message(letter)


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("mara@kiesel.example", "mara@kiesel.example"),
        ("mara@müller.example", "mara@xn--mller-kva.example"),
        ("mara@straße.example", "mara@xn--strae-oqa.example"),
    ],
)
def test_a_host_in_other_letters_is_written_as_servers_do(address: str, written: str) -> None:
    letter = Letter("Kiesel", "shop@kiesel.example", address, "1@x", "Hi", "t", "h")

    assert f"To: {written}\n".encode() in as_message(letter).as_bytes()


def test_an_address_of_the_shops_own_host_when_there_is_no_owner(database_url: str, office: PostOffice) -> None:
    app_of_nobody: Flask
    with bare_app(database_url, MAIL_URL=office.url, OWNER_EMAIL="") as app_of_nobody, app_of_nobody.app_context():
        post_alarm()
        run_due()

    assert office.letters[0]["From"] == "Kiesel <shop@shop.test>"
