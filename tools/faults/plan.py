"""What a seed stands for: who buys what, what goes wrong, who is killed when. Drawn before anything happens."""

import random
from dataclasses import dataclass
from typing import Final

ONE_CLICK, BY_CART, TYPED_CARD, HOSTED = "one click", "cart", "typed card", "hosted page"
GOOD_CARDS: Final = ("pm_card_visa", "pm_card_mastercard", "pm_card_amex")
BAD_CARDS: Final = ("pm_card_chargeCustomerFail",)
ASKING_CARDS: Final = (
    "pm_card_authenticationRequired",
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
)
ODD_CARDS: Final = ("pm_card_pendingRefund", "pm_card_refundFail")
TYPED: Final = (
    "pm_card_visa", "pm_card_visa", "pm_card_visa_chargeDeclined", "pm_card_visa_chargeDeclinedInsufficientFunds",
    "pm_card_authenticationRequired", "pm_card_threeDSecureRequiredChargeDeclined",
)  # fmt: skip
INTENTS: Final = "/v1/payment_intents"
# Where faults strike: verb and path, and how likely.
PLACES: Final = (
    ("POST", INTENTS, 14),
    ("POST", f"{INTENTS}/*/confirm", 5),
    ("POST", f"{INTENTS}/*/cancel", 3),
    ("GET", f"{INTENTS}/*", 3),
    ("GET", INTENTS, 1),
    ("POST", "/v1/refunds", 3),
    ("GET", "/v1/refunds/*", 1),
    ("POST", "/v1/checkout/sessions", 3),
    ("POST", "/v1/checkout/sessions/*/expire", 2),
    ("GET", "/v1/checkout/sessions/*", 2),
)
KINDS: Final = (
    ("error_after", 4), ("cut_after", 4), ("error_before", 3), ("cut_before", 3), ("delay", 3), ("delay_after", 3),
    ("conflict_409", 2), ("rate_limit_429", 2),
)  # fmt: skip
LONGEST_DELAY: Final = 0.6
NAMES: Final = ("Alice", "Bob", "Carol", "Dora", "Emil", "Frida")
GUESTS: Final = 0.18
# So many schedules are six customers who want one thing.
RUSHES: Final = 0.06
# How many orders may use a discount code: none in most schedules, else hardly any.
CODES: Final = (0, 0, 0, 1, 2)
# How many disputes a bank opens.
DISPUTES: Final = (0, 0, 0, 1, 2)
ADDS, ADDS_AT_STRIPE, CHOOSES, REMOVES = (
    "adds a card",
    "adds a card on Stripe's page",
    "chooses a card",
    "removes a card",
)
# Who has cards goes to them in a tab of its own, so often; cards that are there already are typed in again.
ERRANDS: Final = (0, 0, 0, 0, 1, 2)
ADDED: Final = (
    *GOOD_CARDS,
    *GOOD_CARDS,
    "pm_card_chargeDeclined",
    "pm_card_authenticationRequiredOnSetup",
    *ASKING_CARDS,
)
WALLET_PLACES: Final = (
    ("POST", "/v1/setup_intents", 4),
    ("GET", "/v1/setup_intents/*", 2),
    ("POST", "/v1/payment_methods/*/detach", 2),
    ("GET", "/v1/payment_methods/*", 2),
    ("POST", "/v1/customers/*", 1),
    ("GET", "/v1/customers/*", 1),
    ("POST", "/v1/checkout/sessions", 2),
)
VICTIMS: Final = ("web worker", "web worker", "web worker", "web", "worker", "worker")


@dataclass(frozen=True)
class Good:
    """A product made for this schedule."""

    handle: str
    price: int
    stock: int | None


@dataclass(frozen=True)
class Buy:
    """One thing that somebody sets out to do."""

    how: str
    goods: tuple[int, ...]
    presses: int
    card: str
    scripts: bool
    pause: float
    with_code: bool


@dataclass(frozen=True)
class Errand:
    """One thing that somebody does at their cards, so many times in the same moment where they add or remove one."""

    how: str
    card: str
    presses: int
    pause: float


@dataclass(frozen=True)
class Person:
    """Somebody who comes to the shop, with the cards saved some other day; `seed` decides how they take what comes.

    Without cards: a guest. `patience`: so many seconds they wait for an answer before they press again, now and then.
    """

    name: str
    cards: tuple[str, ...]
    buys: tuple[Buy, ...]
    seed: str
    patience: float
    errands: tuple[Errand, ...] = ()

    @property
    def is_guest(self) -> bool:
        """Whether the shop does not know them."""
        return not self.cards


@dataclass(frozen=True)
class Fault:
    """What goes wrong between the shop and Stripe."""

    kind: str
    verb: str
    path: str
    nth: int
    times: int
    seconds: float
    remembered: bool | None = None


@dataclass(frozen=True)
class Webhooks:
    """How they come: held for `held` seconds (or until quiet), in what order, how often, by two endpoints at once or one."""

    held: float | None
    until_quiet: bool
    order: str
    repeat: int
    doubled: bool
    seed: int


@dataclass(frozen=True)
class Kill:
    """Somebody dies, so many seconds after the beginning, and is away for a while."""

    who: str
    after: float
    away: float


@dataclass(frozen=True)
class Plan:
    """A schedule."""

    seed: int
    goods: tuple[Good, ...]
    people: tuple[Person, ...]
    faults: tuple[Fault, ...]
    webhooks: Webhooks
    kills: tuple[Kill, ...]
    refunds: int
    owner_seed: str
    code_uses: int
    disputes: int
    bank_seed: str


def plan_of(seed: int) -> Plan:
    """The same seed is the same plan."""
    chance = random.Random(seed)
    is_rush = chance.random() < RUSHES
    stocks = (1, 1, 2) if is_rush else (None, 1, 2, 3, 8)
    goods = tuple(
        Good(f"good-{seed}-{number}", chance.choice((450, 890, 1250, 2400, 6900)), chance.choice(stocks))
        for number in range(1 if is_rush else chance.choice((1, 2, 2, 3)))
    )
    crowd = len(NAMES) if is_rush else chance.choice((1, 2, 2, 3, 3))
    people = tuple(_person(chance, seed, number, len(goods)) for number in range(crowd))
    # Drawn apart: whoever leaves them out has the same schedule otherwise.
    apart = random.Random(f"{seed}:apart")
    at_cards = any(person.errands for person in people)
    return Plan(
        seed,
        goods,
        people,
        (
            *(_fault(chance) for _ in range(chance.choice((0, 1, 2, 3, 4)))),
            *(_fault(apart, WALLET_PLACES) for _ in range(apart.choice((0, 1, 2)) if at_cards else 0)),
        ),
        _webhooks(chance),
        tuple(_kill(chance) for _ in range(chance.choices((0, 1, 2), (70, 24, 6))[0])),
        refunds=chance.choice((0, 1, 1, 2)),
        owner_seed=f"{seed}:owner",
        code_uses=chance.choice(CODES),
        disputes=apart.choice(DISPUTES),
        bank_seed=f"{seed}:bank",
    )


def _person(chance: random.Random, seed: int, number: int, goods: int) -> Person:
    is_guest = chance.random() < GUESTS
    decks = (GOOD_CARDS, GOOD_CARDS, GOOD_CARDS, BAD_CARDS, ASKING_CARDS, ASKING_CARDS, ODD_CARDS)
    cards = tuple(dict.fromkeys(chance.choice(chance.choice(decks)) for _ in range(chance.choice((1, 1, 2)))))
    buys = tuple(_buy(chance, goods, is_guest=is_guest) for _ in range(chance.choice((1, 1, 2))))
    patience = round(chance.uniform(0.05, 0.5), 2)
    errands = () if is_guest else _errands(random.Random(f"{seed}:{number}:cards"))
    return Person(NAMES[number], () if is_guest else cards, buys, f"{seed}:{number}", patience, errands)


def _errands(chance: random.Random) -> tuple[Errand, ...]:
    return tuple(
        Errand(
            chance.choices((ADDS, ADDS_AT_STRIPE, CHOOSES, REMOVES), (45, 15, 15, 25))[0],
            chance.choice(ADDED),
            chance.choices((1, 2), (75, 25))[0],
            round(chance.uniform(0.0, 0.3), 2),
        )
        for _ in range(chance.choice(ERRANDS))
    )


def _buy(chance: random.Random, goods: int, *, is_guest: bool) -> Buy:
    how = chance.choices((ONE_CLICK, BY_CART, TYPED_CARD, HOSTED), (0, 0, 55, 45) if is_guest else (50, 18, 18, 14))[0]
    most = 1 if how == ONE_CLICK else goods
    return Buy(
        how,
        tuple(chance.sample(range(goods), chance.randint(1, most))),
        chance.choices((1, 2, 3), (60, 28, 12))[0],
        chance.choice(TYPED),
        scripts=chance.random() < 0.75,
        pause=chance.choice((0.0, 0.0, 0.02, 0.1)),
        with_code=chance.random() < 0.6,
    )


def _fault(chance: random.Random, places: tuple[tuple[str, str, int], ...] = PLACES) -> Fault:
    verb, path, _ = chance.choices(places, [weight for *_, weight in places])[0]
    kind = chance.choices([kind for kind, _ in KINDS], [weight for _, weight in KINDS])[0]
    # Each request of the shop's is tried twice: two in a row are an answer that is lost for good.
    times = chance.choices((1, 2, 4), (25, 60, 15))[0]
    slow = kind.startswith("delay")
    return Fault(
        kind,
        verb,
        path,
        nth=chance.choice((1, 1, 1, 1, 2, 3)),
        times=min(times, 2) if slow else times,
        seconds=round(chance.uniform(0.05, LONGEST_DELAY), 2) if slow else 0.0,
        remembered=chance.choice((None, None, False)) if kind == "error_after" else None,
    )


def _webhooks(chance: random.Random) -> Webhooks:
    is_held = chance.random() < 0.5
    return Webhooks(
        held=round(chance.uniform(0.1, 0.8), 2) if is_held else None,
        until_quiet=chance.random() < 0.5,
        order=chance.choice(("as_is", "reversed", "shuffled", "shuffled")),
        repeat=chance.choices((1, 2, 3), (60, 30, 10))[0],
        doubled=chance.random() < 0.12,
        seed=chance.randrange(1 << 30),
    )


def _kill(chance: random.Random) -> Kill:
    return Kill(chance.choice(VICTIMS), round(chance.uniform(0.03, 0.9), 3), round(chance.uniform(0.0, 0.25), 3))
