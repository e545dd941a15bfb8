"""Which variant of a product is meant, and what there is to choose: an option at a time (colour, then size).

Nothing is chosen for the customer where more than one can be bought: whoever presses "Buy now" has said which.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from storefront.catalog.facts import ProductPage, VariantChoice
from storefront.core.money import Money

# What a form says instead of `option-1`, `option-2` where a product has one option: the variant itself.
VARIANT_FIELD = "variant_id"


@dataclass(frozen=True)
class Option:
    """One radio of a picker. `note` says why it cannot be had as chosen so far: "sold out", "not available", or ""."""

    id: str
    value: str
    words: str
    swatch: tuple[str, ...]
    note: str
    chosen: bool


@dataclass(frozen=True)
class Picker:
    """All values of one option. `field` is the radios' name; `fault` says that one is to be chosen, when it was left out."""

    field: str
    legend: str
    options: tuple[Option, ...]
    fault: str = ""

    @property
    def chosen_words(self) -> str:
        """What is chosen, or ""."""
        return next((option.words for option in self.options if option.chosen), "")

    @property
    def is_drawn_in_colours(self) -> bool:
        """Whether swatches tell the values apart."""
        return all(option.swatch for option in self.options)


@dataclass(frozen=True)
class Choice:
    """How far the choice has come: the variant once there is one, and what was picked of each option ("" where nothing was)."""

    product: ProductPage
    picked: tuple[str, ...]
    chosen: VariantChoice | None
    is_alone: bool = False

    @property
    def has_pickers(self) -> bool:
        """Whether there is anything to choose; not where the chosen one is offered alone (`is_alone`)."""
        return len(self.product.variants) > 1 and not self.is_alone

    @property
    def sold_out(self) -> bool:
        """Whether nothing of what is chosen, or could be, can be bought."""
        variants = (self.chosen,) if self.chosen else self.product.variants
        return all(variant.sold_out for variant in variants)

    @property
    def fitting(self) -> tuple[VariantChoice, ...]:
        """The variants that are still meant; all of them where none is like what was picked."""
        if self.chosen is not None:
            return (self.chosen,)
        return tuple(one for one in self.product.variants if _fits(one, self.picked)) or self.product.variants

    @property
    def price(self) -> Money:
        """Its price; while it is not chosen, the lowest of those that are meant."""
        return min((one.price for one in self.fitting), key=lambda price: price.minor)

    @property
    def price_varies(self) -> bool:
        """Whether `price_goods` is but the lowest."""
        return len({one.price.minor for one in self.fitting}) > 1

    @property
    def missing(self) -> str:
        """What to say to whoever wants to buy without having chosen: "Choose a size", or that there is none like this."""
        if self.chosen is not None:
            return ""
        left = [_name(self.product, axis) for axis, value in enumerate(self.picked) if not value]
        if left:
            return f"Choose {_in_a_row([_with_article(name) for name in dict.fromkeys(left)])}"
        return f"There is no {self.product.title} in {', '.join(self.picked)}. Choose another {_name(self.product, -1)}"

    def pickers(self, *, is_missed: bool = False) -> tuple[Picker, ...]:
        """The pickers as they are to be drawn; `is_missed`: it was wanted without a choice."""
        if not self.has_pickers:
            return ()
        if len(self.picked) == 1:
            return (self._of_variants(is_missed=is_missed),)
        return tuple(self._of_values(axis, is_missed=is_missed) for axis in range(len(self.picked)))

    def _of_variants(self, *, is_missed: bool) -> Picker:
        options = tuple(
            Option(
                id=f"variant-{variant.id}",
                value=str(variant.id),
                words=variant.words or self.product.title,
                swatch=variant.swatch,
                note="sold out" if variant.sold_out else "",
                chosen=variant == self.chosen,
            )
            for variant in self.product.variants
        )
        return Picker(VARIANT_FIELD, _name(self.product, 0).capitalize(), options, self.missing if is_missed else "")

    def _of_values(self, axis: int, *, is_missed: bool) -> Picker:
        options = tuple(
            Option(
                id=f"option-{axis + 1}-{place}",
                value=value,
                words=value,
                swatch=_swatch_of(self.product, axis, value),
                note=self._why_not(axis, value),
                chosen=self.picked[axis] == value,
            )
            for place, value in enumerate(values_of(self.product, axis))
        )
        fault = self._fault(axis) if is_missed else ""
        return Picker(f"option-{axis + 1}", _name(self.product, axis).capitalize(), options, fault)

    def _fault(self, axis: int) -> str:
        if not self.picked[axis]:
            return f"Choose {_with_article(_name(self.product, axis))}"
        return self.missing if all(self.picked) and axis == len(self.picked) - 1 else ""

    def _why_not(self, axis: int, value: str) -> str:
        wanted = (*self.picked[:axis], value, *self.picked[axis + 1 :])
        fitting = [one for one in self.product.variants if _fits(one, wanted)]
        if not fitting:
            return "not available"
        return "sold out" if all(variant.sold_out for variant in fitting) else ""


def choose(product: ProductPage, variant_id: int | None = None, told: Mapping[int, str] | None = None) -> Choice:
    """What is chosen by an address or a form: by the variant's id, or by options (counted from 0) as far as they are told.

    Options win over the id: a browser without scripts sends the picked ones beside the variant that was drawn before.
    What is not for sale is as if it had not been told. Where nothing at all is told (`told` is None) and only one can be
    bought, that one is chosen.
    """
    axes = axes_of(product)
    if told:
        return _by_options(product, tuple(_known(product, axis, told.get(axis, "")) for axis in range(axes)))
    variant = next((one for one in product.variants if one.id == variant_id), None)
    if variant is None and told is None:
        variant = _only_one(product)
    if variant is not None:
        return Choice(product, _padded(variant.options, axes), variant)
    return _by_options(product, ("",) * axes)


def axes_of(product: ProductPage) -> int:
    """How many options there are to choose."""
    return max(1, *(len(variant.options) for variant in product.variants))


def values_of(product: ProductPage, axis: int) -> tuple[str, ...]:
    """What there is of one option, in the product's order."""
    return tuple(dict.fromkeys(_padded(variant.options, axis + 1)[axis] for variant in product.variants))


def _by_options(product: ProductPage, picked: tuple[str, ...]) -> Choice:
    # What comes in one colour only is not asked for its colour.
    whole = tuple(
        value or (values[0] if len(values := values_of(product, axis)) == 1 else "")
        for axis, value in enumerate(picked)
    )
    if not all(whole):
        return Choice(product, whole, None)
    fitting = sorted((one for one in product.variants if _fits(one, whole)), key=lambda one: one.sold_out)
    return Choice(product, whole, fitting[0] if fitting else None)


def _only_one(product: ProductPage) -> VariantChoice | None:
    there = [variant for variant in product.variants if not variant.sold_out]
    if len(there) == 1:
        return there[0]
    return product.variants[0] if len(product.variants) == 1 else None


def _fits(variant: VariantChoice, wanted: tuple[str, ...]) -> bool:
    pairs = zip(wanted, _padded(variant.options, len(wanted)), strict=True)
    return all(value in {"", own} for value, own in pairs)


def _known(product: ProductPage, axis: int, value: str) -> str:
    return value if value in values_of(product, axis) else ""


def _padded(options: tuple[str, ...], axes: int) -> tuple[str, ...]:
    # "—" is what a variant without this option is called beside others that have it.
    return (*options, *("—",) * (axes - len(options)))[:axes]


def _swatch_of(product: ProductPage, axis: int, value: str) -> tuple[str, ...]:
    # Swatches are colours, and belong to the first option.
    own = (one.swatch for one in product.variants if _padded(one.options, 1)[0] == value)
    return next(own, ()) if axis == 0 else ()


def _name(product: ProductPage, axis: int) -> str:
    named = product.options[axis].lower() if -len(product.options) <= axis < len(product.options) else ""
    return named or "option"


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}"


def _in_a_row(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
