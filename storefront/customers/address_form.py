"""What an address must have: the same form in the checkout and in the address book."""

import functools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

from markupsafe import Markup, escape
from werkzeug.datastructures import MultiDict
from wtforms import Form, HiddenField, SelectField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # its stubs are older
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError
from wtforms.widgets import Select, html_params

from storefront.core.email_addresses import normalised
from storefront.core.text import one_line
from storefront.customers.address_rules import AddressRules, Region, rules_of
from storefront.customers.addresses import Place
from storefront.customers.countries import countries, country_name


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
    return StringField(label, [DataRequired(please), _at_most(most)], filters=[one_line])


def _perhaps(label: str, most: int = 120) -> StringField:
    return StringField(label, [Optional(), _at_most(most)], filters=[one_line], default="")


def _refuse_missing(field: StringField, plain: str) -> None:
    if field.flags.required and not field.data:
        raise ValidationError(f"Please add the {_within_a_sentence(field) or plain}.")


def _within_a_sentence(field: StringField) -> str:
    """ "ZIP code" and "PIN code" stay as they are; "City" becomes "city"."""
    words: str = field.label.text
    return words if words[:2].isupper() else words.lower()


def _at_most(letters: int) -> Length:
    return Length(max=letters, message=f"Please keep it to {letters} letters.")


class _LongSelect(Select):
    """A choice of hundreds, each drawn once: they are two fifths of the checkout's page otherwise."""

    @classmethod
    def render_option(cls, choice: Any) -> Markup:  # type: ignore[override]  # its stubs are older
        return _option(choice.value, choice.label, "selected " if choice.selected else "")


def _draw_option(value: str, label: str, selected: str) -> Markup:
    return Markup(f'<option {selected}value="{escape(value)}">{escape(label)}</option>')  # noqa: S704


# Only names out of our own lists: what somebody typed is not kept.
_option = functools.cache(_draw_option)


class _RegionField(StringField):
    """Chosen from a list where the country's regions are known, else typed. What is not in the list can be seen, and mended."""

    regions: Sequence[Region] = ()

    def __call__(self, **attributes: Any) -> Markup:
        """Draw it as a list or as a line."""
        if not self.regions:
            return super().__call__(**attributes)
        names = [region.name for region in self.regions]
        blank = [] if self.data in names else [_option("", "Please choose", "")]
        strange = [_draw_option(self.data, self.data, "selected ")] if self.data and self.data not in names else []
        options = (_option(name, name, "selected " if name == self.data else "") for name in names)
        attributes.setdefault("id", self.id)
        if self.flags.required:
            attributes.setdefault("required", True)
        elif not blank:
            blank = [_option("", "None", "")]
        inside = Markup().join([*blank, *strange, *options])
        return Markup("<select {}>{}</select>").format(Markup(html_params(name=self.name, **attributes)), inside)  # noqa: S704


class AddressForm(Form):
    """Where a parcel goes. `is_fetched`: nowhere, somebody comes for it or downloads it, and only who they are is asked.

    `street_asked` is the street about which we asked whether its number is missing: the same text again is the answer.
    """

    is_fetched = False

    name = _asked("Name", "Please say who the parcel is for.")
    line1 = _asked("Street and number", "Please add the street and the house number.")
    line2 = _perhaps("Flat, floor, company")
    postal_code = StringField("Postcode", [_at_most(16)], filters=[one_line], default="")
    city = StringField("City", [_at_most(120)], filters=[one_line], default="")
    region = _RegionField("State or region", [_at_most(120)], filters=[one_line], default="")
    country = SelectField(
        "Country",
        [InputRequired("Please choose a country.")],
        choices=[SelectChoice(code, name) for code, name in countries()],
        widget=_LongSelect(),
    )
    phone = _perhaps("Phone", 32)
    street_asked = HiddenField(filters=[one_line], default="")

    @classmethod
    def of_known(cls, known: Mapping[str, str], **more: Any) -> Self:
        """Filled in with an address that was used before: nobody is asked about its street again."""
        return cls(data={**known, "street_asked": known.get("line1", "")}, **more)

    def process(self, *args: Any, **more: Any) -> None:
        """Take in what was typed, and speak as one does in the country."""
        super().process(*args, **more)
        rules = self.rules
        for field, words, needed in (
            (self.postal_code, rules.postcode, rules.needs_postcode),
            (self.city, rules.city, rules.needs_city),
            (self.region, rules.region, rules.needs_region),
        ):
            field.label.text = words
            field.flags.required = needed
        self.region.regions = rules.regions
        self.region.data = rules.region_name(self.region.data or "")
        self.postal_code.data = rules.postcode_as_printed(self.postal_code.data or "")

    @property
    def rules(self) -> AddressRules:
        """How addresses are written in the country that is chosen."""
        return rules_of(self.country.data or "")

    def validate_line1(self, field: StringField) -> None:
        """Ask once whether the number is missing, where there nearly always is one."""
        written = f"{field.data or ''} {self.line2.data or ''}"
        if not self.rules.has_house_numbers or self.street_asked.data == field.data or _has_number(written):
            return
        self.street_asked.data = field.data
        raise ValidationError("Is the house number missing? If there is none, please press the button again.")

    def validate_postal_code(self, field: StringField) -> None:
        """Wanted where it is required; and what is written has to look like one."""
        _refuse_missing(field, "postcode")
        rules = self.rules
        if not field.data or rules.postcode_is_possible(field.data):
            return
        words = f"Please check the {_within_a_sentence(field)}."
        raise ValidationError(
            f"{words[:-1]}: it should look like {rules.postcode_examples[0]}." if rules.postcode_examples else words
        )

    def validate_city(self, field: StringField) -> None:
        """Wanted nearly everywhere."""
        _refuse_missing(field, "city")

    def validate_region(self, field: StringField) -> None:
        """Wanted where no parcel arrives without; where they are listed, one of the list."""
        _refuse_missing(field, "state or region")
        if self.rules.region and field.data and self.rules.regions and self.rules.find_region(field.data) is None:
            raise ValidationError(f"Please choose the {_within_a_sentence(field)} from the list.")

    def place(self) -> Place:
        """What was typed, checked; what the country does not have was typed for another, and is left out."""
        typed = {name: self[name].data or "" for name in Place.__dataclass_fields__}
        rules = self.rules
        if not rules.region:
            typed["region"] = ""
        if not rules.postcode:
            typed["postal_code"] = ""
        if not rules.city or (not typed["city"] and not rules.needs_city):
            # Singapore, or the emirate: an address names where it is in every list of ours.
            typed["city"] = typed["region"] or country_name(typed["country"])
        return Place(**typed)


def faults_of(known: Mapping[str, str]) -> list[str]:
    """What a kept address would have to mend today, in words; nothing where it would be taken as it is."""
    form = AddressForm(MultiDict({**known, "street_asked": known.get("line1", "")}))
    form.validate()
    return [
        words for name, all_words in form.errors.items() if name in Place.__dataclass_fields__ for words in all_words
    ]


def _has_number(written: str) -> bool:
    # "s/n", sin número, is what Spanish and Portuguese write where there is none.
    return any(letter.isnumeric() for letter in written) or "s/n" in written.lower()


class ContactForm(AddressForm):
    """Where a parcel goes, and where its receipt goes."""

    email = email_field()
