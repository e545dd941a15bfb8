"""The sandbox as a machine: its faults, its webhooks, its work, and what it keeps."""

import json

from flask import Response, jsonify, request

from storefront.sandbox import ledger
from storefront.sandbox.call import Call
from storefront.sandbox.control.door import control, sandbox_here, sent
from storefront.sandbox.errors import StripeError
from storefront.sandbox.ids import random_text

_LONGEST_SEARCH_DELAY = 3600


@control.get("/faults")
def show_faults() -> Response:
    return jsonify(sandbox_here().faults.described())


@control.post("/faults")
def add_fault() -> Response:
    return jsonify(id=sandbox_here().faults.add(sent()).id)


@control.delete("/faults")
def clear_faults() -> Response:
    sandbox_here().faults.clear()
    return jsonify([])


@control.put("/date")
def put_date_off() -> Response:
    """`{"seconds": n}`: let the Date header be that far ahead of the real time; what the API does stays as it is."""
    sandbox_here().date_off = int(sent().get("seconds", 0))
    return jsonify(seconds=sandbox_here().date_off)


@control.get("/webhooks")
def show_webhooks() -> Response:
    """All deliveries; or, with `?wait=SECONDS`, their number once everything that is due has been tried."""
    courier = sandbox_here().courier
    if "wait" in request.args:
        idle = courier.wait_until_idle(float(request.args["wait"]))
        return jsonify({**courier.counted(), "idle": idle})
    return jsonify({**courier.counted(), "deliveries": courier.deliveries()})


@control.post("/webhooks")
def hold_or_release() -> Response:
    wanted, courier = sent(), sandbox_here().courier
    if wanted.get("hold"):
        courier.hold()
        return jsonify(courier.counted())
    released = courier.release(
        order=wanted.get("order", "as_is"),
        seed=int(wanted.get("seed", 0)),
        repeat=int(wanted.get("repeat", 1)),
        delay=float(wanted.get("delay", 0)),
    )
    return jsonify(released=released)


@control.post("/webhook_endpoints/<endpoint_id>/roll")
def roll_secret(endpoint_id: str) -> Response:
    """A second secret beside the first, as while rolling; `{"expire": true}` drops the first."""
    sandbox = sandbox_here()
    with sandbox.store.transaction():
        endpoint = Call(sandbox).named_by_path("webhook_endpoint", endpoint_id)
        kept = [] if sent().get("expire") else endpoint["_secrets"][:1]
        endpoint["_secrets"] = [f"whsec_{random_text(32)}", *kept]
        sandbox.store.save(endpoint)
        return jsonify(secret=endpoint["_secrets"][0])


@control.get("/ledger")
def show_ledger() -> Response:
    """All of it; or, with `?after=PLACE`, what was made after an earlier answer's `last`."""
    sandbox = sandbox_here()
    with sandbox.store.transaction():
        return jsonify(ledger.ledger(sandbox.store, request.args.get("after", type=int)))


@control.delete("/data")
def delete_test_data() -> Response:
    """The button of that name in Stripe's dashboard: nobody has ever been here, and no endpoint is registered."""
    sandbox = sandbox_here()
    sandbox.store.forget_all()
    sandbox.courier.release()
    sandbox.tasks.hold(held=False)
    sandbox.search_delay = 0.0
    sandbox.date_off = 0
    return jsonify([])


@control.post("/search")
def delay_search() -> Response:
    """By how many seconds of the sandbox's clock, an hour at most, searches are behind: `{"delay": 60}`."""
    delay = sent().get("delay", 0)
    if not isinstance(delay, (int, float)) or not 0 <= delay <= _LONGEST_SEARCH_DELAY:
        raise StripeError(400, f"Invalid delay: must be from 0 to {_LONGEST_SEARCH_DELAY} seconds.", param="delay")
    sandbox_here().search_delay = float(delay)
    return jsonify(delay=delay)


@control.get("/requests")
def show_requests() -> Response:
    rows = sandbox_here().store.execute("SELECT body FROM requests ORDER BY id")
    return jsonify([json.loads(row["body"]) for row in rows])


@control.delete("/requests")
def clear_requests() -> Response:
    sandbox_here().store.execute("DELETE FROM requests")
    return jsonify([])


@control.post("/tasks")
def run_tasks() -> Response:
    """What Stripe would do by itself, now; `{"hold": true}` keeps it from happening until the next POST."""
    sandbox, hold = sandbox_here(), sent().get("hold")
    if hold is not None:
        sandbox.tasks.hold(held=bool(hold))
    ran = 0 if hold else sandbox.tasks.run_all()
    sandbox.wake()
    return jsonify(ran=ran, hold=sandbox.tasks.is_held)
