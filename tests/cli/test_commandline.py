"""`flask` itself, as a process that knows no settings."""

import os
import subprocess
import sys
from pathlib import Path

import storefront

ROOT = Path(storefront.__file__).parents[1]


def flask(*words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    surroundings = {"PATH": os.environ["PATH"], "FLASK_SKIP_DOTENV": "1", "FLASK_APP": "storefront.commandline:shop"}
    return subprocess.run(
        [sys.executable, "-m", "flask", *words],
        cwd=ROOT, env=surroundings | settings, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_sandbox_needs_no_settings() -> None:
    said = flask("sandbox", "run", "--help")

    assert (said.returncode, "Serve the sandbox" in said.stdout) == (0, True), said.stderr


def test_a_missing_setting_is_one_sentence() -> None:
    said = flask("orders", "list")

    assert said.returncode == 1
    assert said.stderr.startswith("Error: SECRET_KEY is not set. For example: ")
    assert said.stderr.count("\n") == 1


def test_flaskenv_names_what_the_command_loads() -> None:
    assert "FLASK_APP=storefront.commandline:shop" in (ROOT / ".flaskenv").read_text(encoding="utf-8").splitlines()
