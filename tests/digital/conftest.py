"""A shop whose files are in a folder of the test."""

from pathlib import Path

import pytest


@pytest.fixture
def shop_settings(tmp_path: Path) -> dict[str, str]:
    return {"FILES_DIR": str(tmp_path / "private")}
