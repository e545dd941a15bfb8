"""What is typed to join, to sign in and to get back in."""

from typing import Final

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from storefront.core.text import one_line
from storefront.customers.address_form import email_field
from storefront.customers.passwords import MAX_LENGTH, MIN_LENGTH

_PASSWORD_HELP: Final = f"Please take {MIN_LENGTH} letters or more, and at most {MAX_LENGTH}."


def typed(field: Field) -> str:
    """What was typed, checked by now."""
    return str(field.data)


def name_field() -> StringField:
    """How we may call them; spaces alone are no name."""
    please = DataRequired("Please say how we may call you.")
    return StringField("Name", [please, Length(max=120, message="Please keep it to 120 letters.")], filters=[one_line])


def new_password_field(label: str) -> PasswordField:
    """The one they choose."""
    return PasswordField(
        label, [InputRequired("Please choose a password."), Length(MIN_LENGTH, MAX_LENGTH, _PASSWORD_HELP)]
    )


def password_field(label: str = "Password") -> PasswordField:
    """The password they have."""
    return PasswordField(label, [InputRequired("Please write your password."), Length(max=MAX_LENGTH)])


class LoginForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Who are you?"""

    email = email_field()
    password = password_field()
    next = HiddenField()


class RegisterForm(FlaskForm):  # type: ignore[misc]
    """Who do you want to be?"""

    name = name_field()
    email = email_field()
    password = new_password_field("Password")
    next = HiddenField()


class ConfirmForm(FlaskForm):  # type: ignore[misc]
    """Is it still you?"""

    password = password_field()
    next = HiddenField()


class ResetForm(FlaskForm):  # type: ignore[misc]
    """Whose password is forgotten?"""

    email = email_field()


class AccountForm(FlaskForm):  # type: ignore[misc]
    """All that is missing of who bought as a guest."""

    password = new_password_field("Password")


class NewPasswordForm(FlaskForm):  # type: ignore[misc]
    """The new one."""

    password = new_password_field("New password")
