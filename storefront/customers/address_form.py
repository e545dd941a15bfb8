"""What an address must have: the same form in the checkout and in the address book."""

import functools
from contextlib import suppress
from typing import Any

from markupsafe import Markup, escape
from wtforms import Form, SelectField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # its stubs are older
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError
from wtforms.widgets import Select

from storefront.customers.address_rules import AddressRules, rules_of
from storefront.customers.addresses import Place
from storefront.customers.countries import countries
from storefront.email_addresses import normalised


def trimmed(typed: Any) -> Any:
    """Without spaces around."""
    return typed.strip() if isinstance(typed, str) else typed


def email_field() -> StringField:
    """An e-mail address, kept in its one spelling; what cannot be one stays as it was typed, and is refused."""
    return StringField(
        "E-mail",
        [
            InputRequired("Please write your e-mail address."),
            Length(max=254, message="This is longer than any e-mail address."),
            _refuse_no_address,
        ],
        filters=[_in_one_spelling],
    )


def _in_one_spelling(typed: Any) -> Any:
    if not isinstance(typed, str):
        return typed
    with suppress(ValueError):
        return normalised(typed)
    return typed.strip()


def _refuse_no_address(_form: object, field: StringField) -> None:
    try:
        normalised(field.data or "")
    except ValueError as error:
        raise ValidationError("Please look at it again: it should read like name@example.org.") from error


def _asked(label: str, please: str, most: int = 120) -> StringField:
    # Spaces alone are nothing.
    return StringField(label, [DataRequired(please), _at_most(most)], filters=[trimmed])


def _perhaps(label: str, most: int = 120) -> StringField:
    return StringField(label, [Optional(), _at_most(most)], filters=[trimmed], default="")


def _refuse_missing(field: StringField, plain: str) -> None:
    if field.flags.required and not field.data:
        words = field.label.text
        # "ZIP code" and "PIN code" stay as they are; "Town" becomes "town" within a sentence.
        raise ValidationError(f"Please add the {words if words[:2].isupper() else words.lower() or plain}.")


def _at_most(letters: int) -> Length:
    return Length(max=letters, message=f"Please keep it to {letters} letters.")


class _LongSelect(Select):
    """A choice of hundreds, each drawn once: they are two fifths of the checkout's page otherwise."""

    @classmethod
    def render_option(cls, choice: Any) -> Markup:  # type: ignore[override]  # its stubs are older
        return _option(choice.value, choice.label, "selected " if choice.selected else "")


@functools.cache
def _option(value: str, label: str, selected: str) -> Markup:
    return Markup(f'<option {selected}value="{escape(value)}">{escape(label)}</option>')  # noqa: S704


class AddressForm(Form):
    """Where a parcel goes. `is_fetched`: nowhere, somebody comes for it or downloads it, and only who they are is asked."""

    is_fetched = False

    name = _asked("Name", "Please say who the parcel is for.")
    line1 = _asked("Street and number", "Please add the street and the house number.")
    line2 = _perhaps("Flat, floor, company")
    postal_code = StringField("Postcode", [_at_most(16)], filters=[trimmed], default="")
    city = StringField("Town", [_at_most(120)], filters=[trimmed], default="")
    region = StringField("State or region", [_at_most(120)], filters=[trimmed], default="")
    country = SelectField(
        "Country",
        [InputRequired("Please choose a country.")],
        choices=[SelectChoice(code, name) for code, name in countries()],
        widget=_LongSelect(),
    )
    phone = _perhaps("Phone", 32)

    def process(self, *args: Any, **more: Any) -> None:
        """Take in what was typed, and speak as one does in the country."""
        super().process(*args, **more)
        rules = self.rules
        for field, words, needed in (
            (self.postal_code, rules.postcode, rules.needs_postcode),
            (self.city, rules.town, True),
            (self.region, rules.region, rules.needs_region),
        ):
            field.label.text = words
            field.flags.required = needed

    @property
    def rules(self) -> AddressRules:
        """How addresses are written in the country that is chosen."""
        return rules_of(self.country.data or "")

    def validate_postal_code(self, field: StringField) -> None:
        """Wanted where there are postcodes."""
        _refuse_missing(field, "postcode")

    def validate_city(self, field: StringField) -> None:
        """Wanted everywhere."""
        _refuse_missing(field, "town")

    def validate_region(self, field: StringField) -> None:
        """Wanted where no parcel arrives without."""
        _refuse_missing(field, "state or region")

    def place(self) -> Place:
        """What was typed, checked."""
        typed = {name: self[name].data or "" for name in Place.__dataclass_fields__}
        # Of another country, chosen before; the field for it is not shown any more.
        return Place(**typed if self.rules.region else typed | {"region": ""})


class ContactForm(AddressForm):
    """Where a parcel goes, and where its receipt goes."""

    email = email_field()
