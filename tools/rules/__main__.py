"""Switch off each rule of money in a copy of the shop, and run the tests that must notice: `bin/rules [--rule N]`."""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click

from tools.rules.mutations import MUTATIONS, ROOT, RULES, Mutation

PARTS = (
    "storefront",
    "migrations",
    "tests",
    "config.py",
    "wsgi.py",
    "pyproject.toml",
    "CHANGELOG.md",
    ".flaskenv",
    "docs",
    "bin",
)
SEEN = re.compile(r"^FAILED (.+?)(?: - |$)", re.MULTILINE)


def main() -> int:
    """Run them all; 1 where a rule can be switched off unseen."""
    options = _options()
    chosen = [one for one in MUTATIONS if options.rule in {None, one.rule}]
    with tempfile.TemporaryDirectory() as folder:
        copy = _copy(Path(folder))
        _refuse_to_judge_by_failing_tests(chosen, copy, options.db)
        unseen = sum(not _is_seen(one, copy, options.db) for one in chosen)
    click.echo(f"{len(chosen)} ways to break {len({one.rule for one in chosen})} rules, {unseen} unseen")
    return int(unseen > 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/rules", description=__doc__)
    parser.add_argument("--rule", type=int, choices=RULES, help="only this one")
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    return parser.parse_args()


def _refuse_to_judge_by_failing_tests(chosen: Sequence[Mutation], copy: Path, db: str) -> None:
    tests = {test for one in chosen for test in one.tests}
    whole = {test for test in tests if test.partition("::")[0] not in tests or "::" not in test}
    click.echo(f"the {len(whole)} files and tests that judge, with every rule in place …")
    failed = _failing_tests(sorted(whole), copy, db)
    if failed:
        raise SystemExit(f"fails already: {failed[0]}")


def _copy(folder: Path) -> Path:
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy2(source, folder / part)
    return folder


def _is_seen(mutation: Mutation, copy: Path, db: str) -> bool:
    began = time.monotonic()
    path = copy / mutation.file
    whole = path.read_text(encoding="utf-8")
    if whole.count(mutation.old) != 1:
        raise SystemExit(f"{mutation.file} has no single place for: {mutation.without}")
    try:
        path.write_text(whole.replace(mutation.old, mutation.new), encoding="utf-8")
        failed = _failing_tests(mutation.tests, copy, db)
    finally:
        path.write_text(whole, encoding="utf-8")
    seen = failed[0].rpartition("/")[2] if failed else "UNSEEN"
    click.echo(f"{mutation.rule:>4}  {mutation.without:<72} {time.monotonic() - began:>4.0f} s  {seen}")
    return bool(failed)


def _failing_tests(tests: Sequence[str], copy: Path, db: str) -> list[str]:
    """The first that failed; a file that cannot be read at all is no finding."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--db", db, *tests]
    ran = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    if ran.returncode not in {0, 1}:
        raise SystemExit(ran.stdout[-2000:] + ran.stderr[-2000:])
    return SEEN.findall(ran.stdout)


if __name__ == "__main__":
    sys.exit(main())
