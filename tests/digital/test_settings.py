"""Settings of where files are and who sends them."""

from pathlib import Path

import pytest

from config import BadSettingError
from tests.apps import settings_for


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("", ""),
        ("none", ""),
        ("x-sendfile", "x-sendfile"),
        ("x-accel-redirect:/private-files/", "/private-files/"),
        ("x-accel-redirect:/a/b/", "/a/b/"),
    ],
)
def test_who_sends_files(written: str, means: str) -> None:
    assert settings_for("sqlite:///x.db", FILES_ACCEL=written).files_accel == means


@pytest.mark.parametrize(
    "written", ["nginx", "x-accel-redirect:", "x-accel-redirect:/no-end", "/private/", "x-accel-redirect:/a b/"]
)
def test_nobody_knows_that_sender(written: str) -> None:
    with pytest.raises(BadSettingError, match="FILES_ACCEL"):
        settings_for("sqlite:///x.db", FILES_ACCEL=written)


def test_the_folder_may_be_named() -> None:
    assert settings_for("sqlite:///x.db").files_dir is None
    assert settings_for("sqlite:///x.db", FILES_DIR="/srv/files").files_dir == Path("/srv/files")
