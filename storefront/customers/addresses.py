"""A customer's address book."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront.core.database import current_session, transaction
from storefront.core.errors import NotFoundError
from storefront.customers.models import Address, User


@dataclass(frozen=True)
class Place:
    """Where a parcel goes; `country` is an ISO code of two letters."""

    name: str
    line1: str
    city: str
    country: str
    line2: str = ""
    postal_code: str = ""
    region: str = ""
    phone: str = ""


def addresses_of(user_id: int) -> Sequence[Address]:
    """The book, the default first, then the newest."""
    book = select(Address).where(Address.user_id == user_id).order_by(Address.is_default.desc(), Address.id.desc())
    return current_session().scalars(book).all()


def default_address(user_id: int) -> Address | None:
    """Where their parcels go if they do not say otherwise."""
    return current_session().scalar(select(Address).where(Address.user_id == user_id, Address.is_default))


def address_of(user_id: int, address_id: int) -> Address:
    """One of the book; raises NotFoundError."""
    mine = select(Address).where(Address.id == address_id, Address.user_id == user_id)
    address = current_session().scalar(mine)
    if address is None:
        raise NotFoundError
    return address


def add_address(user_id: int, place: Place) -> int:
    """Write one into the book; its id."""
    with transaction():
        return keep_address(user_id, place).id


def keep_address(user_id: int, place: Place) -> Address:
    """The same inside a running transaction: the first is the default, and nothing is written twice."""
    session = current_session()
    _hold_book(user_id)
    book = addresses_of(user_id)
    for address in book:
        if address.as_copy() == asdict(place):
            return address
    address = Address(user_id=user_id, is_default=not any(kept.is_default for kept in book), **asdict(place))
    session.add(address)
    session.flush()
    return address


def change_address(user_id: int, address_id: int, place: Place) -> None:
    """Correct one; orders placed before keep what they copied."""
    with transaction():
        address = address_of(user_id, address_id)
        for field, value in asdict(place).items():
            setattr(address, field, value)


def make_default(user_id: int, address_id: int) -> None:
    """Choose where parcels go."""
    with transaction() as session:
        _hold_book(user_id)
        _choose(session, address_of(user_id, address_id))


def remove_address(user_id: int, address_id: int) -> None:
    """Take one out of the book; if it was the default, the newest other one is now."""
    with transaction() as session:
        _hold_book(user_id)
        address = address_of(user_id, address_id)
        session.delete(address)
        session.flush()
        left = addresses_of(user_id)
        if left and not left[0].is_default:
            _choose(session, left[0])


def _hold_book(user_id: int) -> None:
    # Two tabs must not both find it empty. Orders that only refer to the user need not wait.
    current_session().execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))


def _choose(session: Session, address: Address) -> None:
    # One default a user is an index: the old one must go first.
    session.execute(
        update(Address).where(Address.user_id == address.user_id, Address.is_default).values(is_default=False)
    )
    session.execute(update(Address).where(Address.id == address.id).values(is_default=True))
