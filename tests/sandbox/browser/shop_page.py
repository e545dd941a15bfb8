"""A tiny shop on an origin of its own, with the shop's content security policy, that remembers what it was asked."""

from threading import Thread
from types import TracebackType
from typing import Self

from flask import Flask, Response, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>A shop</title>
  <link rel="stylesheet" href="/shop.css">
  <script src="{sandbox}/js/stripe.js"></script>
  <script src="/shop.js" defer></script>
</head>
<body>
  <main>
    <h1>Pay</h1>
    <form id="form" action="/pay" method="post">
      <p><label for="email">E-mail</label><br><input id="email" name="email"></p>
      <div id="card"></div>
      <button id="pay">Pay</button>
    </form>
    <div id="bank"></div>
    <pre id="result"></pre>
  </main>
</body>
</html>
"""

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 sans-serif; max-width: 34rem; margin: 1rem auto; padding: 0 1rem; }
#card { margin-block: 1rem; }
"""

SCRIPT = """
"use strict";
const stripe = window.stripe = Stripe("pk_test_123");
const events = window.events = [];
window.start = (options = { mode: "payment", amount: 2400, currency: "eur" }, where = "#card") => {
  const elements = window.elements = stripe.elements(options);
  const element = window.element = elements.create("payment");
  for (const name of ["ready", "change", "focus", "blur", "loaderror"]) {
    element.on(name, (event) => events.push([name, event]));
  }
  element.mount(where);
};
const show = (result) => { document.querySelector("#result").textContent = JSON.stringify(result); };
document.querySelector("#form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const checked = await elements.submit();
  if (checked.error) return show(checked);
  const made = await stripe.createConfirmationToken({ elements, params: { return_url: location.origin + "/return" } });
  show(made);
  if (made.confirmationToken) {
    const body = new URLSearchParams({ confirmation_token: made.confirmationToken.id });
    await fetch("/pay", { method: "POST", body });
  }
});
"""


class Shop:
    """The shop's server, for the length of a `with` block."""

    def __init__(self, sandbox: str, below: Flask | None = None) -> None:
        """Use the sandbox at that address, or put one `below` the path `/sandbox` of this very shop."""
        self.asked: list[str] = []
        app = self._app(sandbox)
        served = DispatcherMiddleware(app, {sandbox: below}) if below else app
        self._server = make_server("127.0.0.1", 0, served, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _app(self, sandbox: str) -> Flask:
        app = Flask(__name__)
        sources = "'self'" if sandbox.startswith("/") else f"'self' {sandbox}"
        policy = (
            f"default-src 'none'; script-src {sources}; frame-src {sources}; connect-src {sources}; "
            "style-src 'self'; img-src 'self'; form-action 'self'"
        )

        @app.before_request
        def remember() -> None:
            body = request.get_data(as_text=True)
            self.asked.append(f"{request.method} {request.full_path} {request.headers} {body}")

        @app.after_request
        def protect(response: Response) -> Response:
            response.headers["Content-Security-Policy"] = policy
            return response

        app.add_url_rule("/", "page", lambda: PAGE.format(sandbox=sandbox))
        app.add_url_rule("/return", "back", lambda: "<!doctype html><title>Back</title><h1>Back at the shop</h1>")
        app.add_url_rule("/pay", "pay", lambda: "paid", methods=["POST"])
        app.add_url_rule("/favicon.ico", "icon", lambda: ("", 204))
        app.add_url_rule("/shop.css", "style", lambda: Response(STYLE, mimetype="text/css"))
        app.add_url_rule("/shop.js", "script", lambda: Response(SCRIPT, mimetype="text/javascript"))
        return app

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
