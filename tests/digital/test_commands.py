"""What the owner types about digital goods."""

import stat
from pathlib import Path

import pytest
from click.testing import Result

from storefront.catalog.models import Variant
from storefront.core.audit import AuditEntry
from storefront.digital.folder import files_folder
from storefront.digital.models import Asset, AssetKind, Grant
from tests.digital.goods import BOOKLET, URL, sells_booklet
from tests.people import Shopper
from tests.stack import Shop


def types(shop: Shop, *words: str) -> Result:
    result: Result = shop.app.test_cli_runner().invoke(args=["shop", "assets", *words])
    return result


@pytest.fixture
def written(tmp_path: Path) -> Path:
    file = tmp_path / "booklet.pdf"
    file.write_bytes(BOOKLET)
    return file


def test_a_file_is_copied_whole_under_its_checksum(shop: Shop, written: Path) -> None:
    answer = types(shop, "add", "notebook", str(written), "--name", "Six glazes", "--limit", "3", "--days", "30")

    assert answer.exit_code == 0, answer.output
    assert "From now on who buys notebook gets it" in answer.output
    assert "A parcel goes out for it as well" in answer.output
    [(name, kind, size, content_type, sha256, path)] = shop.all(
        Asset.name, Asset.kind, Asset.size, Asset.content_type, Asset.sha256, Asset.path
    )
    assert (name, kind, size, content_type) == ("Six glazes.pdf", AssetKind.file, len(BOOKLET), "application/pdf")
    assert path == f"{sha256[:2]}/{sha256}"
    with shop.inside():
        copied = files_folder() / path
    assert copied.read_bytes() == BOOKLET
    assert stat.S_IMODE(copied.stat().st_mode) & 0o007 == 0
    assert list(copied.parents[1].glob(".*")) == []
    assert shop.all(Asset.max_downloads, Asset.days) == [(3, 30)]
    assert shop.all(Variant.has_assets) == [False, False, True, False]
    assert shop.all(AuditEntry.what, AuditEntry.about) == [("added an asset", "variant notebook")]


def test_the_same_file_twice_is_kept_once(shop: Shop, written: Path) -> None:
    types(shop, "add", "notebook", str(written))
    types(shop, "add", "mug", str(written))

    with shop.inside():
        assert len([one for one in files_folder().rglob("*") if one.is_file()]) == 1
    assert shop.all(Asset.position) == [0, 0]


def test_a_name_leads_nowhere(shop: Shop, written: Path) -> None:
    types(shop, "add", "notebook", str(written), "--name", "../../etc/pass\nwd")

    assert shop.all(Asset.name) == ["..-..-etc-pass-wd.pdf"]


def test_the_list_says_what_and_how_often(shop: Shop, alice: Shopper, tmp_path: Path) -> None:
    assert types(shop, "list").output == "Nothing can be downloaded.\n"
    sells_booklet(shop, tmp_path)
    assert types(shop, "add", "notebook", URL, "--name", "The film", "--limit", "0").exit_code == 0
    alice.buys("Notebook")

    rows = [row.split("  ") for row in types(shop, "list", "notebook").output.splitlines()[2:]]

    assert [[cell.strip() for cell in row if cell.strip()] for row in rows] == [
        ["1", "notebook", "Glazes & Brände.pdf", "10 KB", "10", "–", "1"],
        ["2", "notebook", "The film", URL, "any", "–", "1"],
    ]
    assert types(shop, "list", "mug").output == "Nothing can be downloaded.\n"


def test_removing_says_who_keeps_it(shop: Shop, alice: Shopper, tmp_path: Path) -> None:
    sells_booklet(shop, tmp_path)
    alice.buys("Notebook")

    answer = types(shop, "remove", "1")

    assert "1 order lines have it already: they keep it" in answer.output
    assert shop.all(Variant.has_assets) == [False] * 4
    again = types(shop, "remove", "1")
    assert (again.exit_code, again.output) == (1, "Error: There is no asset 1. See: flask shop assets list\n")


def test_one_of_two_removed_leaves_the_other(shop: Shop, tmp_path: Path) -> None:
    sells_booklet(shop, tmp_path)
    types(shop, "add", "notebook", URL)

    types(shop, "remove", "1")

    assert shop.all(Variant.has_assets) == [False, False, True, False]


def test_more_may_be_allowed(shop: Shop, alice: Shopper, tmp_path: Path) -> None:
    sells_booklet(shop, tmp_path)
    alice.buys("Notebook")
    alice.buys("Teapot")

    assert types(shop, "allow", "K-1001", "--more", "5").output == "K-1001: 1 downloads, 5 times more each.\n"

    assert shop.all(Grant.max_downloads) == [15]
    assert types(shop, "allow", "1002").output == "K-1002 has nothing with a limit.\n"
    assert types(shop, "allow", "K-9").exit_code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "no-such", URL), "There is no variant with the SKU 'no-such'."),
        (("add", "notebook", "/no/such/file.pdf"), "There is no file /no/such/file.pdf."),
        (("add", "notebook", "https://"), "is no web address"),
        (("add", "notebook", "https://a b/"), "is no web address"),
        (("list", "no-such"), "There is no variant with the SKU 'no-such'."),
    ],
)
def test_what_cannot_be_is_a_sentence(shop: Shop, words: tuple[str, ...], said: str) -> None:
    answer = types(shop, *words)

    assert answer.exit_code == 1
    assert said in answer.output
    assert shop.all(Asset.id) == []


def test_nothing_is_left_of_a_copy_that_failed(shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()

    assert types(shop, "add", "notebook", str(folder)).exit_code == 1

    with shop.inside():
        assert not files_folder().exists() or list(files_folder().iterdir()) == []
