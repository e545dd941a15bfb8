"""Reports of blocked hosts: counted by directive and host, whoever sends them; nothing else of them is kept."""

import json

import pytest
from flask.testing import FlaskClient

from storefront.core.mail.models import OutboundMail
from storefront.web.operations.csp_reports import LARGEST
from storefront.web.operations.models import BlockedHost
from tests.stack import Shop

SECRET = "https://shop.example/orders/0123456789abcdef?token=secret"


@pytest.fixture
def client(shop: Shop) -> FlaskClient:
    return shop.app.test_client()


def old(blocked: str, directive: str = "script-src-elem") -> str:
    return json.dumps(
        {
            "csp-report": {
                "document-uri": SECRET,
                "effective-directive": directive,
                "blocked-uri": blocked,
                "script-sample": SECRET,
            }
        }
    )


def new(*blocked: str) -> str:
    return json.dumps(
        [
            {"type": "csp-violation", "url": SECRET, "body": {"blockedURL": one, "effectiveDirective": "frame-src"}}
            for one in blocked
        ]
    )


def kept(shop: Shop) -> list[tuple[str, str, int]]:
    return [(one.directive, one.host, one.reports) for one in shop.all(BlockedHost)]


def test_both_forms_are_counted(shop: Shop, client: FlaskClient) -> None:
    for body in (
        old("https://m.stripe.network/inner.html"),
        new("https://m.stripe.network/x", "https://newcaptcha.hcaptcha.com"),
    ):
        assert client.post("/csp-reports", data=body).status_code == 204
    client.post("/csp-reports", data=old("https://m.stripe.network/other"))

    assert kept(shop) == [
        ("script-src-elem", "m.stripe.network", 2), ("frame-src", "m.stripe.network", 1), ("frame-src", "newcaptcha.hcaptcha.com", 1),
    ]  # fmt: skip
    metrics = client.get("/metrics").get_data(as_text=True)
    assert 'storefront_blocked_hosts{state="script-src-elem m.stripe.network"} 2' in metrics


def test_the_owner_hears_of_each_of_stripes_hosts_once_and_of_no_other(shop: Shop, client: FlaskClient) -> None:
    for _ in range(3):
        client.post("/csp-reports", data=old("https://q.stripe.com/x"))
        client.post("/csp-reports", data=old("https://evil.example/x"))
        client.post("/csp-reports", data=old("chrome-extension://abc/x.js"))
        client.post("/csp-reports", data=old("https://stripe.com.evil.example/x"))

    assert kept(shop) == [("script-src-elem", "q.stripe.com", 3), ("script-src-elem", "other", 9)]
    [mail] = [one for one in shop.all(OutboundMail) if one.dedupe_key.startswith("alarm:csp:")]
    assert "q.stripe.com" in mail.context["what"]
    assert "secret" not in str(mail.context)


@pytest.mark.parametrize(
    "body",
    ["", "null", "[]", "7", "[null, 7, {}]", '{"csp-report": null}', '{"csp-report": []}', "{", "[" * 15_000,
     '{"csp-report": {"blocked-uri": 7, "effective-directive": []}}',
     '{"csp-report": {"blocked-uri": "https://[", "effective-directive": "img-src"}}',
     '{"csp-report": {"blocked-uri": "https://q.stripe.com", "effective-directive": "\\u0000"}}'],
)  # fmt: skip
def test_nonsense_is_no_error_and_leaves_no_more_than_other(shop: Shop, client: FlaskClient, body: str) -> None:
    assert client.post("/csp-reports", data=body).status_code == 204
    assert [host for _, host, _ in kept(shop)] in ([], ["other"])


def test_what_is_too_long_is_not_read(shop: Shop, client: FlaskClient) -> None:
    assert client.post("/csp-reports", data=new(*["https://q.stripe.com/" + "x" * 200] * 200)).status_code == 413
    assert LARGEST < 200 * 200
    assert kept(shop) == []


def test_a_flood_is_not_counted_for_ever(shop: Shop, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storefront.web.operations.csp_reports.MAX_REPORTS", "5 per hour")

    answers = {client.post("/csp-reports", data=old("https://q.stripe.com")).status_code for _ in range(9)}

    assert answers == {204}
    assert kept(shop) == [("script-src-elem", "q.stripe.com", 5)]


def test_every_page_names_the_endpoint(client: FlaskClient) -> None:
    assert "report-uri /csp-reports" in client.get("/").headers["Content-Security-Policy"]
