"""A small Stripe that remembers: for trying the shop, and testing it, without an account.

A process of its own on loopback that speaks Stripe's HTTP dialect; it imports nothing of the shop, and the shop
nothing of it. What the browser's pages may use of it is `current_app.extensions["sandbox"]`, a `Sandbox` with

- `public_url`: where the browser reaches this sandbox, without a slash at the end; pages prefix their links with it.
- `challenge(intent_id) -> Challenge`: a dict of `id`, `kind` ("payment" or "setup"), `amount` and `currency` (None for
  a set-up), `card_brand`, `last4`, `status` ("open", "passed", "failed", or "none" when the bank asks nothing) and
  `return_url`, where the browser goes after the answer (None when none was given); once answered, it bears Stripe's
  own query: `payment_intent` or `setup_intent`, `…_client_secret` and `redirect_status`.
  Raises `storefront.sandbox.errors.StripeError` (status 404) for an intent that does not exist.
- `answer_challenge(intent_id, passed: bool) -> Challenge`: what the customer told the bank. The first answer counts;
  any later one changes nothing and returns what stands. It charges the card, or fails the intent, and sends the events.

The same over HTTP: `POST /sandbox/challenges/<intent_id>` with `outcome=passed|failed` answers that dict as JSON.

A Checkout Session's page is `<public_url>/pay/<session id>`; it needs no key and no script.

Browser calls take a publishable key (`pk_test_…`, as bearer, basic or the form field `key`) from any origin:
`POST /v1/confirmation_tokens` and `POST /v1/payment_methods` (card number and all), `POST
/v1/{payment,setup}_intents/<id>/confirm` and `GET /v1/{payment,setup}_intents/<id>` with `client_secret`.
An intent's `next_action` is `{"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect",
"stripe_js": "<public_url>/3ds/<id>", …}}` when `use_stripe_sdk` was sent, else `{"type": "redirect_to_url",
"redirect_to_url": {"url": "<public_url>/3ds/<id>", "return_url": …}}`.
"""
