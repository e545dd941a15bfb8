from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apps import bare_app


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[None]:
    """A shop with empty shelves, in whose context the test runs."""
    with bare_app(database_url) as app:
        app.instance_path = str(tmp_path / "instance")
        with app.app_context():
            yield
