"""SEPA direct debits by Stripe's test account numbers: a payment that is processing until the bank has decided.

No shop here offers them; they are there so that the official CLI's triggers of delayed payments run, and so that a shop
can be tried with a payment method that is no card.
"""

from storefront.sandbox import charging, declines
from storefront.sandbox.call import Call
from storefront.sandbox.checkout import ending
from storefront.sandbox.errors import Document
from storefront.sandbox.tasks import task

DECIDE = "decide_debit"
_TAKES_MINUTES = 180
_SLOW = frozenset({"AT321904300235473204", "AT051904300235473205", "DE08370400440532013003", "DE78370400440532013004"})
_FAILING = frozenset({
    "AT051904300235473205", "AT861904300235473202", "DE62370400440532013001", "DE78370400440532013004",
    "IT60X0542811101000000123456",
})  # fmt: skip


@task(DECIDE)
def decide(call: Call, intent: Document) -> None:
    """The bank's answer; some accounts are slow to give it, as Stripe's are: three minutes."""
    payment_method = call.store.find("payment_method", intent["payment_method"] or "")
    if intent["status"] != "processing" or payment_method is None:
        return
    if payment_method["_number"] in _SLOW and not intent.pop("_was_slow", False):
        intent["_was_slow"] = True
        call.save(intent)
        call.sandbox.tasks.plan_at(DECIDE, intent["id"], call.now + _TAKES_MINUTES)
        return
    succeeded = payment_method["_number"] not in _FAILING
    session = call.store.find("checkout.session", intent.get("_session") or "")
    if session is not None:
        ending.decide(call, session, succeeded=succeeded)
    elif succeeded:
        charging.succeed(call, intent, payment_method, authenticated=False)
    else:
        charging.decline(call, intent, payment_method, declines.DEBIT_FAILED)
