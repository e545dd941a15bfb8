"""The list of ways to break the rules keeps up with the code; `bin/rules` runs it."""

import pytest

from tools.rules.mutations import MUTATIONS, ROOT, RULES, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: f"{one.rule}: {one.without}")
def test_each_place_is_still_there(mutation: Mutation) -> None:
    assert mutation.fits
    for test in mutation.tests:
        path, _, name = test.partition("::")
        assert f"def {name}" in (ROOT / path).read_text(encoding="utf-8")


def test_every_rule_can_be_broken() -> None:
    assert {one.rule for one in MUTATIONS} == set(RULES)
