"""TIMEZONE: pages and mails tell times where the shop is, and mails say which zone that is."""

import datetime as dt

import pytest
from flask import Flask

from config import BadSettingError
from storefront.core.clock import local, zone_of
from tests.apps import settings_for
from tests.people import Shopper
from tests.stack import Shop

WINTER = dt.datetime(2026, 12, 1, 12, 30, tzinfo=dt.UTC)
SUMMER = dt.datetime(2026, 7, 1, 12, 30, tzinfo=dt.UTC)
# An hour that is there twice: the clocks go back in it.
TWICE = dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)


@pytest.fixture
def berlin() -> Flask:
    app = Flask("berlin")
    app.config["SETTINGS"] = settings_for("sqlite:///x.db", TIMEZONE="Europe/Berlin")
    return app


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (WINTER, "13:30 CET"),
        (SUMMER, "14:30 CEST"),
        (TWICE, "02:30 CEST"),
        (TWICE + dt.timedelta(hours=1), "02:30 CET"),
    ],
)
def test_a_moment_is_told_as_the_shops_clock_shows_it(berlin: Flask, moment: dt.datetime, told: str) -> None:
    with berlin.app_context():
        assert f"{local(moment):%H:%M} {zone_of(moment)}" == told


@pytest.mark.parametrize("name", ["Berlin", "Europe/Nowhere", "../etc/passwd", "+02:00"])
def test_a_zone_that_is_none_stops_the_start(name: str) -> None:
    with pytest.raises(BadSettingError, match="TIMEZONE"):
        settings_for("sqlite:///x.db", TIMEZONE=name)


def test_page_and_mail_tell_the_same_hour(shop: Shop, alice: Shopper) -> None:
    settings = settings_for("sqlite:///x.db", TIMEZONE="Pacific/Kiritimati")
    object.__setattr__(shop.app.config["SETTINGS"], "timezone", settings.timezone)
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_chargeCustomerFail"))
    page = alice.presses(button).page.text
    shop.clock.forward(minutes=5)
    shop.settle()
    letter = shop.letter("payment_failed")

    until = page.partition("order until ")[2][:5]
    assert f"until {until} +14" in letter
