"""What is typed to join, to sign in and to get back in."""

from typing import Final

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from storefront.customers.address_form import email_field, trimmed
from storefront.customers.passwords import LONGEST, SHORTEST

_PASSWORD_HELP: Final = f"Please take {SHORTEST} letters or more, and at most {LONGEST}."


def typed(field: Field) -> str:
    """What was typed, checked by now."""
    return str(field.data)


def _new_password(label: str) -> PasswordField:
    return PasswordField(label, [InputRequired("Please choose a password."), Length(SHORTEST, LONGEST, _PASSWORD_HELP)])


def _password() -> PasswordField:
    return PasswordField("Password", [InputRequired("Please write your password."), Length(max=LONGEST)])


class LoginForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Who are you?"""

    email = email_field()
    password = _password()
    next = HiddenField()


class RegisterForm(FlaskForm):  # type: ignore[misc]
    """Who do you want to be?"""

    name = StringField(
        "Name",
        [InputRequired("Please say how we may call you."), Length(max=120, message="Please keep it to 120 letters.")],
        filters=[trimmed],
    )
    email = email_field()
    password = _new_password("Password")
    next = HiddenField()


class ConfirmForm(FlaskForm):  # type: ignore[misc]
    """Is it still you?"""

    password = _password()
    next = HiddenField()


class ResetForm(FlaskForm):  # type: ignore[misc]
    """Whose password is forgotten?"""

    email = email_field()


class NewPasswordForm(FlaskForm):  # type: ignore[misc]
    """The new one."""

    password = _new_password("New password")
