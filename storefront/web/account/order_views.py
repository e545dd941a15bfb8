"""The customer's orders: all of them, searched, a page at a time."""

from flask import request
from flask.typing import ResponseReturnValue

from storefront.orders.history import orders_of
from storefront.orders.labels import number_of
from storefront.web.account.blueprint import account
from storefront.web.htmx import render
from storefront.web.login import customer_required, signed_in

LONGEST = 100


@account.get("/orders")
@customer_required
def orders() -> ResponseReturnValue:
    """Their orders, the newest first; `q`: a number, or a part of what a thing is called."""
    wanted = request.args.get("q", "").strip()[:LONGEST]
    before = number_of(request.args.get("before", ""))
    page = orders_of(signed_in().id, wanted, older_than=before)
    return render("account/_past_orders.html", page="account/orders.html", past=page, wanted=wanted, before=before)
