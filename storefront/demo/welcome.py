"""What the demo says when it is ready."""

from storefront.demo.people import CUSTOMER, DISCOUNTS, NUMBERS_TO_TRY, OWNER
from storefront.demo.plan import Plan

WIDTH = 22


def words(plan: Plan, *, seconds: float) -> str:
    """The address, who can log in, which cards and codes to try."""
    lines = [
        f"\nKiesel is open, after {seconds:.0f} s.\n",
        _line("The shop", plan.base_url),
        _line("One click as", f"{CUSTOMER.email}, password {CUSTOMER.password}"),
        _line("The owner", f"{OWNER.email}, password {OWNER.password}"),
        _line("Mail that was sent", f"{plan.base_url}/demo/mail"),
        "\nCards to try, with any date to come and any code:\n",
        *(_line(number, what) for number, what in NUMBERS_TO_TRY),
        "\nDiscount codes to try, in the cart or at the checkout:\n",
        *(_line(offer.code, what) for offer, what in DISCOUNTS),
        f"\nNo money moves, and everything stays in {plan.folder.path}. Ctrl-C stops it.",
    ]
    return "\n".join(lines)


def _line(what: str, means: str) -> str:
    return f"  {what.ljust(WIDTH)} {means}"
