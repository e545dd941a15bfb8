"""What only shows behind the server of production."""

from collections.abc import Iterator

import requests

from tools.faults.stack import PATIENCE, running


def too_much() -> Iterator[bytes]:
    """Two megabytes, whose length is not told before."""
    yield b"email="
    for _ in range(20):
        yield b"x" * 100_000


def test_too_much_of_unknown_length_is_too_large_as_well() -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    with running("sqlite") as stack:
        answer = requests.post(f"{stack.url}/auth/login", data=too_much(), headers=form, timeout=PATIENCE)

    assert answer.status_code == 413
