"""The demo's files are whole: each is set, once, and belongs to something that is sold and not sent."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from pypdf import PdfReader

from storefront.catalog.models import Variant
from storefront.catalog.stock_levels import stock_from
from storefront.core.database import current_session
from storefront.demo.catalogue import GOODS
from storefront.demo.documents import bring_papers
from storefront.digital.folder import files_folder
from storefront.digital.models import Asset, AssetKind
from tests.apps import bare_app


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    with bare_app(database_url, FILES_DIR=str(tmp_path / "files")) as app, app.app_context():
        stock_from(GOODS)
        bring_papers()
        bring_papers()
        yield app


def test_stocking_again_brings_nothing_twice(app: Flask) -> None:
    with app.app_context():
        brought = current_session().query(Variant.sku, Asset.name).join(Asset).order_by(Asset.id).all()

        assert [tuple(row) for row in brought] == [
            ("GLAZES-SIX", "Six glazes.pdf"),
            ("GLAZES-SIX", "More about glazes"),
            ("PATTERN-APRON", "Apron pattern.pdf"),
        ]
        assert current_session().query(Variant).filter(Variant.has_assets, Variant.requires_shipping).count() == 0


def test_each_is_a_paper_of_one_page_with_its_name_on_it(app: Flask) -> None:
    with app.app_context():
        for asset in current_session().query(Asset).filter_by(kind=AssetKind.file):
            paper = PdfReader(files_folder() / asset.path)

            assert len(paper.pages) == 1
            assert paper.pages[0].extract_text().startswith(asset.name.removesuffix(".pdf"))
            assert asset.size < 200_000
