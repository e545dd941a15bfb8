"""Where a request comes from, with proxies before the shop and without."""

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from config import BadSettingError
from storefront.core.client_address import address, address_hash, is_address_known
from tests.apps import bare_app, settings_for

NGINX = "127.0.0.1"


def seen(database_url: str, proxies: int, peer: str, forwarded: str = "") -> str:
    with bare_app(database_url, TRUSTED_PROXIES=str(proxies)) as app:
        app.add_url_rule("/who", "who", address)
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        return app.test_client().get("/who", headers=headers, environ_overrides={"REMOTE_ADDR": peer}).text


@pytest.mark.parametrize(
    ("peer", "told"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", "0.0.0.0"),
        ("unix:", "0.0.0.0"),
    ],
)
def test_without_a_proxy_it_is_who_connected(sqlite_url: str, peer: str, told: str) -> None:
    assert seen(sqlite_url, 0, peer, "198.51.100.1") == told


@pytest.mark.parametrize(
    ("proxies", "forwarded", "told"),
    [
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9, 192.0.2.1", "203.0.113.9"),
        (1, "203.0.113.9:4711", "203.0.113.9"),
        (1, "[2001:db8:1:2::5]:4711", "2001:db8:1:2::/64"),
        (1, "a joke", "0.0.0.0"),
        (2, "203.0.113.9", NGINX),
    ],
)
def test_behind_proxies_only_those_are_believed(sqlite_url: str, proxies: int, forwarded: str, told: str) -> None:
    assert seen(sqlite_url, proxies, NGINX, forwarded) == told


@pytest.mark.parametrize(
    ("proxies", "peer", "headers", "known"),
    [
        (0, NGINX, {}, True),
        (0, NGINX, {"X-Forwarded-For": "203.0.113.9"}, False),
        (0, NGINX, {"Forwarded": "for=203.0.113.9"}, False),
        (0, "172.18.0.3", {"X-Forwarded-For": "203.0.113.9"}, False),
        (0, "fd00::3", {"X-Forwarded-For": "203.0.113.9"}, False),
        (0, "203.0.113.9", {"X-Forwarded-For": "198.51.100.1"}, True),
        (0, "unix:", {}, False),
        (1, NGINX, {"X-Forwarded-For": "203.0.113.9"}, True),
        (1, NGINX, {"X-Forwarded-For": "192.168.1.5"}, True),
        (1, NGINX, {"X-Forwarded-For": "203.0.113.9, 10.0.0.2"}, False),
        (2, NGINX, {"X-Forwarded-For": "203.0.113.9"}, False),
    ],
)
def test_an_address_that_all_customers_share_is_not_known(
    sqlite_url: str, proxies: int, peer: str, headers: dict[str, str], *, known: bool
) -> None:
    with bare_app(sqlite_url, TRUSTED_PROXIES=str(proxies)) as app:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=0)  # type: ignore[method-assign]
        app.add_url_rule("/known", "known", lambda: str(is_address_known()))
        answer = app.test_client().get("/known", headers=headers, environ_overrides={"REMOTE_ADDR": peer})

    assert answer.text == str(known)


def test_how_many_proxies_is_a_number(sqlite_url: str) -> None:
    with pytest.raises(
        BadSettingError, match=r"TRUSTED_PROXIES is 'nginx', no number. For example: TRUSTED_PROXIES=1$"
    ):
        settings_for(sqlite_url, TRUSTED_PROXIES="nginx")


def test_an_address_is_written_down_as_a_hash_that_only_this_shop_can_make(sqlite_url: str) -> None:
    told = []
    for secret in ("a secret only for tests", "a secret only for tests", "another long secret"):
        with bare_app(sqlite_url, SECRET_KEY=secret) as app:
            with app.test_request_context(environ_overrides={"REMOTE_ADDR": "203.0.113.9"}):
                told.append(address_hash())
            with app.app_context():
                assert not address_hash()

    assert told[0] == told[1] != told[2]
    assert len(told[0]) == 20
