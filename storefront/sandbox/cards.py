"""The test cards and what becomes of each: on attaching, on set-up, on a click, and off session."""

from dataclasses import dataclass
from enum import StrEnum

from storefront.sandbox import declines
from storefront.sandbox.declines import Decline


class Unattended(StrEnum):
    """What a charge without its customer gets."""

    CHARGED = "charged"
    NEEDS_CUSTOMER = "needs_customer"
    CHARGED_ONCE_SET_UP = "charged_once_set_up"


class Aftermath(StrEnum):
    """What follows a charge that succeeded."""

    NOTHING = "nothing"
    FRAUD_DISPUTE = "fraudulent"
    NOT_RECEIVED_DISPUTE = "product_not_received"
    INQUIRY = "inquiry"
    FRAUD_WARNING = "fraud_warning"
    MANY_DISPUTES = "many_disputes"


class RefundFate(StrEnum):
    SUCCEEDS = "succeeds"
    PENDING = "pending"
    FAILS = "fails"


@dataclass(frozen=True)
class TestCard:
    """One number of Stripe's test table; `names` are its `pm_card_…` and `tok_…` without the prefix."""

    number: str
    names: tuple[str, ...] = ()
    brand: str = "visa"
    country: str = "US"
    funding: str = "credit"
    decline: Decline | None = None
    attaches: bool = True
    challenged_on_set_up: bool = False
    challenged_on_charge: bool = False
    unattended: Unattended = Unattended.CHARGED
    after_challenge: Decline | None = None
    frictionless: bool = False
    aftermath: Aftermath = Aftermath.NOTHING
    refund: RefundFate = RefundFate.SUCCEEDS
    cvc_check: str = "pass"
    address_line1_check: str = "pass"
    address_postal_code_check: str = "pass"
    risk: str = "normal"
    funds_at_once: bool = False

    __test__ = False  # pytest: a card, not a test


@dataclass(frozen=True)
class Verdict:
    """What the issuer answers: a challenge, a decline, or (neither) yes."""

    challenge: bool = False
    decline: Decline | None = None


def on_charge(card: TestCard, *, off_session: bool, set_up: bool) -> Verdict:
    if card.decline is not None:
        return Verdict(decline=card.decline)
    if not off_session:
        return Verdict(challenge=card.challenged_on_charge)
    if card.unattended is Unattended.CHARGED or (card.unattended is Unattended.CHARGED_ONCE_SET_UP and set_up):
        return Verdict(decline=card.after_challenge)
    return Verdict(decline=card.after_challenge or declines.AUTHENTICATION_REQUIRED)


def on_set_up(card: TestCard) -> Verdict:
    if not card.attaches:
        return Verdict(decline=card.decline or card.after_challenge or declines.GENERIC)
    return Verdict(challenge=card.challenged_on_set_up)


def by_number(number: str) -> TestCard | None:
    return _BY_NUMBER.get(number)


def by_token(token: str) -> TestCard | None:
    """`pm_card_visa`, `tok_visa` and the like; `visa_` in the middle of a name may be left out."""
    prefix = next((prefix for prefix in ("pm_card_", "tok_") if token.startswith(prefix)), None)
    return _BY_NAME.get(_plain(token.removeprefix(prefix))) if prefix else None


def passes_luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _plain(name: str) -> str:
    return name.removeprefix("visa_") if name != "visa_debit" else name


def _declined(number: str, decline: Decline, *names: str, attaches: bool = False) -> TestCard:
    return TestCard(number, names, decline=decline, attaches=attaches)


_PLAIN = (
    TestCard("4242424242424242", ("visa",)),
    TestCard("4000056655665556", ("visa_debit",), funding="debit"),
    TestCard("5555555555554444", ("mastercard",), "mastercard"),
    TestCard("2223003122003222", ("mastercard_2",), "mastercard"),
    TestCard("5200828282828210", ("mastercard_debit",), "mastercard", funding="debit"),
    TestCard("5105105105105100", ("mastercard_prepaid",), "mastercard", funding="prepaid"),
    TestCard("378282246310005", ("amex",), "amex"),
    TestCard("371449635398431", (), "amex"),
    TestCard("6011111111111117", ("discover",), "discover"),
    TestCard("6011000990139424", (), "discover"),
    TestCard("3056930009020004", ("diners",), "diners"),
    TestCard("36227206271667", (), "diners"),
    TestCard("3566002020360505", ("jcb",), "jcb", "JP"),
    TestCard("6200000000000005", ("unionpay",), "unionpay", "CN"),
    TestCard("4000002760000016", ("de",), country="DE"),
    TestCard("4000002500000003", ("fr",), country="FR"),
    TestCard("4000008260000000", ("gb",), country="GB", funding="debit"),
    TestCard("4000000400000008", ("at",), country="AT"),
    TestCard("4000000560000004", ("be",), country="BE"),
    TestCard("4000005280000002", ("nl",), country="NL"),
    TestCard("4000007240000007", ("es",), country="ES"),
    TestCard("4000003800000008", ("it",), country="IT"),
    TestCard("4000007560000009", ("ch",), country="CH"),
    TestCard("4000001240000000", ("ca",), country="CA"),
)
_DECLINED = (
    _declined("4000000000000341", declines.GENERIC, "chargeCustomerFail", attaches=True),
    _declined("4000000000000002", declines.GENERIC, "chargeDeclined"),
    _declined(
        "4000000000009995", declines.INSUFFICIENT_FUNDS,
        "chargeDeclinedInsufficientFunds", "chargeDeclinedInsufficientFund",
    ),
    _declined("4000000000009987", declines.LOST, "chargeDeclinedLostCard"),
    _declined("4000000000009979", declines.STOLEN, "chargeDeclinedStolenCard"),
    _declined("4000000000000069", declines.EXPIRED, "chargeDeclinedExpiredCard"),
    _declined("4000000000000127", declines.INCORRECT_CVC, "chargeDeclinedIncorrectCvc"),
    _declined("4000000000000119", declines.PROCESSING, "chargeDeclinedProcessingError"),
    _declined("4000000000006975", declines.VELOCITY, "chargeDeclinedVelocityLimitExceeded"),
    _declined("4100000000000019", declines.FRAUDULENT, "radarBlock", "chargeDeclinedFraudulent"),
    _declined("4000000000004954", declines.FRAUDULENT, "riskLevelHighest"),
    TestCard(
        "4000008400001280", ("threeDSecureRequiredProcessingError",), decline=declines.GENERIC, attaches=False
    ),
)  # fmt: skip
_CHALLENGED = (
    TestCard(
        "4000002500003155", ("authenticationRequiredOnSetup",), challenged_on_set_up=True, challenged_on_charge=True,
        unattended=Unattended.CHARGED_ONCE_SET_UP,
    ),
    TestCard(
        "4000002760003184", ("authenticationRequired",), challenged_on_set_up=True, challenged_on_charge=True,
        unattended=Unattended.NEEDS_CUSTOMER,
    ),
    TestCard("4000003800000446", ("authenticationRequiredSetupForOffSession",), challenged_on_charge=True),
    TestCard(
        "4000008260003178", ("authenticationRequiredChargeDeclinedInsufficientFunds",), challenged_on_set_up=True,
        challenged_on_charge=True, unattended=Unattended.NEEDS_CUSTOMER, after_challenge=declines.INSUFFICIENT_FUNDS,
    ),
    TestCard(
        "4000000000003220", ("threeDSecure2Required",), challenged_on_set_up=True, challenged_on_charge=True,
        unattended=Unattended.NEEDS_CUSTOMER,
    ),
    TestCard(
        "4000000000003063", ("threeDSecureRequired",), challenged_on_set_up=True, challenged_on_charge=True,
        unattended=Unattended.NEEDS_CUSTOMER,
    ),
    TestCard(
        "4000008400001629", ("threeDSecureRequiredChargeDeclined",), challenged_on_charge=True, attaches=False,
        unattended=Unattended.NEEDS_CUSTOMER, after_challenge=declines.GENERIC,
    ),
    TestCard("4000000000003055", ("threeDSecureOptional",)),
    TestCard("4000000032200000", ("threeDSecureFrictionless",), frictionless=True),
)  # fmt: skip
_EVENTFUL = (
    TestCard("4000000000000259", ("createDispute",), aftermath=Aftermath.FRAUD_DISPUTE),
    TestCard("4000000000002685", ("createDisputeProductNotReceived",), aftermath=Aftermath.NOT_RECEIVED_DISPUTE),
    TestCard("4000000000001976", ("createDisputeInquiry",), aftermath=Aftermath.INQUIRY),
    TestCard("4000000000005423", ("createIssuerFraudRecord",), aftermath=Aftermath.FRAUD_WARNING),
    TestCard("4000000404000079", ("createMultipleDisputes",), aftermath=Aftermath.MANY_DISPUTES),
    TestCard("4000000000007726", ("pendingRefund",), refund=RefundFate.PENDING),
    TestCard("4000000000005126", ("refundFail",), refund=RefundFate.FAILS),
    TestCard("4000000000000077", ("bypassPending",), funds_at_once=True),
    TestCard("4000000000009235", ("riskLevelElevated",), risk="elevated"),
    TestCard("4000000000001208", ()),  # asks a captcha of the browser, then succeeds
    TestCard("4000000000000101", ("cvcCheckFail",), cvc_check="fail"),
    TestCard("4000000000000010", ("avsFail",), address_line1_check="fail", address_postal_code_check="fail"),
    TestCard("4000000000000028", ("avsLine1Fail",), address_line1_check="fail"),
    TestCard("4000000000000036", ("avsZipFail",), address_postal_code_check="fail"),
)
ALL = _PLAIN + _DECLINED + _CHALLENGED + _EVENTFUL
_BY_NUMBER = {card.number: card for card in ALL}
_BY_NAME = {_plain(name): card for card in ALL for name in card.names}
