"""A browser, a shop and a sandbox, each on an origin of its own."""

from collections.abc import Iterator
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, ViewportSize

from storefront.sandbox.server import bound, create_sandbox
from tests.sandbox.browser.shop_page import Shop

PHONE = ViewportSize(width=390, height=844)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = create_sandbox(tmp_path_factory.mktemp("sandbox") / "state", public_url="http://127.0.0.1:0")
    yield app
    app.extensions["sandbox"].stop()


@pytest.fixture(scope="session")
def sandbox_url(sandbox: Flask) -> Iterator[str]:
    server = bound(sandbox, "127.0.0.1", 0)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def running_shop(sandbox_url: str) -> Iterator[Shop]:
    with Shop(sandbox_url) as shop:
        yield shop


@pytest.fixture
def shop(running_shop: Shop) -> Shop:
    running_shop.asked.clear()
    return running_shop


@pytest.fixture(scope="session")
def one_origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with a sandbox of its own below `/sandbox`, as in the demo."""
    below = create_sandbox(tmp_path_factory.mktemp("below") / "state", public_url="")
    with Shop("/sandbox", below=below) as shop:
        below.extensions["sandbox"].public_url = f"{shop.url}/sandbox"
        yield shop
    below.extensions["sandbox"].stop()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A phone's page that takes no complaint of the browser's: no breach of the policy, no fault in a script."""
    complaints: list[str] = []
    context = chromium.new_context(viewport=PHONE)
    page = context.new_page()
    page.on(
        "console",
        lambda message: (
            complaints.append(f"{message.text} {message.location['url']}") if message.type == "error" else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(8000)
    yield page
    context.close()
    assert [one for one in complaints if "status of 402" not in one] == []
