import http.server
import io
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest
from PIL import Image
from sqlalchemy import select

from storefront.catalog.importing import Imported, import_file
from storefront.catalog.media import media_folder
from storefront.catalog.models import Product, ProductImage, Variant
from storefront.catalog.pictures import PictureFetcher
from storefront.catalog.products import collections
from storefront.catalog.search import all_cards, cards_of
from storefront.catalog.version import catalogue_version
from storefront.core.database import current_session, end_read
from tests.catalog.goods import counted_statements

HEADER = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,"
    "Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,"
    "Variant Requires Shipping,Variant Taxable,Variant Tax Code,Image Src,Image Position,Image Alt Text,Gift Card,Variant Image,Status"
)


def row(**cells: str) -> str:
    """One line of the file; cells are named without spaces: variant_price="14.50"."""
    named = {name.lower().replace(" (html)", "").replace(" ", "_"): name for name in HEADER.split(",")}
    values = {named[key]: value for key, value in cells.items()}
    quoted = [f'"{values.get(name, "").replace(chr(34), chr(34) * 2)}"' for name in HEADER.split(",")]
    return ",".join(quoted)


@pytest.fixture
def brought_in(shop: None, tmp_path: Path) -> "Importer":
    return Importer(tmp_path / "goods.csv")


class Importer:
    """Writes rows to a file and brings it in."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, *rows: str, encoding: str = "utf-8", fetcher: PictureFetcher | None = None) -> Imported:
        self._path.write_text("\n".join([HEADER, *rows]), encoding=encoding)
        return import_file(self._path, fetcher=fetcher)

    def raw(self, content: bytes) -> Imported:
        self._path.write_bytes(content)
        return import_file(self._path)


@pytest.fixture
def apparel(tmp_path: Path) -> Path:
    """Shopify's own example; its pictures are where nobody answers."""
    example = (Path(__file__).parent / "apparel.csv").read_text(encoding="utf-8")
    path = tmp_path / "apparel.csv"
    path.write_text(example.replace("https://burst.shopifycdn.com", "http://127.0.0.1:1"), encoding="utf-8")
    return path


def product(handle: str) -> Product:
    end_read()
    return current_session().scalars(select(Product).where(Product.handle == handle)).one()


def problems(came: Imported) -> list[str]:
    return [str(problem) for problem in came.problems]


def test_the_tax_class_comes_along(brought_in: "Importer") -> None:
    named = {"title": "Book", "variant_price": "10"}

    brought_in(
        row(handle="a", **named),
        row(handle="b", variant_tax_code="books", **named),
        row(handle="c", variant_taxable="false", variant_tax_code="books", **named),
    )

    assert [product(handle).variants[0].tax_category for handle in "abc"] == ["standard", "books", "zero"]


def test_shopifys_own_example_comes_in_whole(shop: None, apparel: Path) -> None:
    heard: list[tuple[int, int]] = []

    came = import_file(apparel, progress=lambda done, of: heard.append((done, of)))

    assert came == Imported(products=20, variants=22, problems=(), drawn=20)
    assert heard == [(number, 20) for number in range(1, 21)]
    assert [shelf.title for shelf in collections()] == ["Men", "Women"]
    top = product("classic-varsity-top")
    assert [(one.sku, one.option_values, one.price_minor, one.stock) for one in top.variants] == [
        ("classic-varsity-top-small", ["Small"], 6000, None),
        ("classic-varsity-top-medium", ["Medium"], 6000, None),
        ("classic-varsity-top-large", ["Large"], 6000, None),
    ]
    assert (top.options, top.note, top.kind, top.vendor) == (["Size"], "Small, Medium, Large", "women", "partners-demo")
    assert product("ocean-blue-shirt").options == []


def test_a_picture_that_cannot_be_fetched_is_drawn(shop: None, apparel: Path) -> None:
    import_file(apparel)

    paths = current_session().scalars(select(ProductImage.path)).all()

    assert len(paths) == 20
    for path in paths:
        drawing = (media_folder().parent / path).read_text()
        assert drawing.startswith("<svg")


def test_importing_again_keeps_every_id(shop: None, apparel: Path) -> None:
    import_file(apparel)
    before = _ids()

    import_file(apparel)

    assert _ids() == before
    assert len(all_cards("eur").cards) == 20


def _ids() -> list[list[int]]:
    end_read()
    return [
        list(current_session().scalars(select(table.id).order_by(table.id)))
        for table in (Product, Variant, ProductImage)
    ]


def test_a_changed_file_changes_the_products(brought_in: Importer) -> None:
    tea = {"handle": "tea", "option1_name": "Size"}
    brought_in(
        row(**tea, title="Tea", type="Drinks", option1_value="S", variant_sku="T-S", variant_price="4"),
        row(**tea, option1_value="M", variant_sku="T-M", variant_price="5"),
        row(**tea, option1_value="L", variant_price="6"),
    )
    small, _, large = (variant.id for variant in product("tea").variants)
    version = catalogue_version()

    came = brought_in(
        row(**tea, title="Green tea", type="Leaves", option1_value="L", variant_sku="T-L", variant_price="7"),
        row(**tea, option1_value="Small", variant_sku="T-S", variant_price="4.50"),
    )

    assert problems(came) == []
    changed = product("tea")
    assert (changed.title, [(one.id, one.sku, one.option_values, one.price_minor) for one in changed.variants]) == (
        "Green tea",
        [(large, "T-L", ["L"], 700), (small, "T-S", ["Small"], 450)],
    )
    assert cards_of("drinks", "eur").cards == ()
    assert [card.title for card in cards_of("leaves", "eur").cards] == ["Green tea"]
    assert catalogue_version() == version + 1


def test_stock_is_counted_where_shopify_counts_it(brought_in: Importer) -> None:
    size = {"handle": "tea", "option1_name": "Size", "variant_price": "4"}
    counted = {**size, "variant_inventory_tracker": "shopify"}
    brought_in(
        row(**counted, title="Tea", option1_value="A", variant_inventory_qty="7", variant_inventory_policy="deny"),
        row(**counted, option1_value="B", variant_inventory_qty="7", variant_inventory_policy="continue"),
        row(**counted, option1_value="C", variant_inventory_qty="-2"),
        row(**size, option1_value="D", variant_inventory_qty="7"),
    )

    assert [variant.stock for variant in product("tea").variants] == [7, None, 0, None]


@pytest.mark.parametrize(
    ("cells", "published"),
    [({}, True), ({"published": "TRUE"}, True), ({"published": "false"}, False), ({"status": "draft"}, False)],
)
def test_what_is_not_published_comes_in_hidden(brought_in: Importer, cells: dict[str, str], *, published: bool) -> None:
    brought_in(row(handle="tea", title="Tea", variant_price="4", **cells))

    assert product("tea").published is published


def test_weight_and_shipping_come_in(brought_in: Importer) -> None:
    brought_in(
        row(handle="pdf", title="Pattern", variant_price="0", variant_grams="12.0", variant_requires_shipping="false")
    )

    (variant,) = product("pdf").variants
    assert (variant.price_minor, variant.weight_grams, variant.requires_shipping) == (0, 12, False)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"variant_price": "4,50"}, "the Variant Price “4,50” is no amount; write it like 14.50"),
        ({"variant_price": "-1"}, "the Variant Price “-1” is no amount; write it like 14.50"),
        ({"variant_price": "NaN"}, "the Variant Price “NaN” is no amount; write it like 14.50"),
        ({"variant_price": "1e99"}, "the Variant Price “1e99” is more than can be charged"),
        ({"variant_price": "4.505"}, "the Variant Price “4.505” is finer than EUR can be paid"),
        ({"variant_price": ""}, "the Variant Price “” is no amount; write it like 14.50"),
        ({"option1_value": ""}, "the value of the option Size is missing"),
        ({"option1_value": "S"}, "“S” is there twice"),
        ({"variant_sku": "T-S"}, "the SKU T-S is there twice"),
        ({"variant_sku": "MUG"}, "the SKU MUG belongs to “Mug”"),
        ({"variant_grams": "heavy"}, "the Variant Grams “heavy” is no number"),
        ({"variant_grams": "inf"}, "the Variant Grams “inf” is no number"),
        ({"variant_requires_shipping": "perhaps"}, "Variant Requires Shipping says “perhaps”; write true or false"),
    ],
)
def test_a_bad_row_is_named_and_keeps_the_whole_product_out(
    brought_in: Importer, cells: dict[str, str], reason: str
) -> None:
    tea = {"handle": "tea", "option1_name": "Size", "variant_price": "4"}
    second = {**tea, "option1_value": "M", "variant_sku": "T-M"}

    came = brought_in(
        row(handle="mug", title="Mug", variant_sku="MUG", variant_price="18"),
        row(**tea, title="Tea", body="One\nTwo", option1_value="S", variant_sku="T-S"),
        row(**{**second, **cells}),
    )

    assert problems(came) == [f"Line 5 (tea): {reason}"]
    assert (came.products, came.variants) == (1, 1)
    assert [card.title for card in all_cards("eur").cards] == ["Mug"]
    assert [shelf.title for shelf in collections()] == []


def test_a_bad_row_leaves_an_older_import_as_it_was(brought_in: Importer) -> None:
    brought_in(row(handle="tea", title="Tea", variant_price="4"))

    brought_in(row(handle="tea", title="Green tea", variant_price="free"))

    assert (product("tea").title, product("tea").variants[0].price_minor) == ("Tea", 400)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (row(title="Tea", variant_price="4"), "Line 2: the Handle is missing"),
        (row(handle="tea", variant_price="4"), "Line 2 (tea): the Title is missing"),
        (row(handle="tea", title="Tea"), "Line 2 (tea): the Variant Price is missing"),
        (
            row(handle="tea", title="Voucher", gift_card="true"),
            "Line 2 (tea): is a gift card, which this shop cannot sell yet",
        ),
        (row(handle="a/b", title="Tea"), "Line 2 (a/b): the Handle “a/b” has a slash, which cannot be in an address"),
        (
            row(handle="tea", title="Tea", variant_price="4") + ",more",
            "Line 2 (tea): has 27 cells, but there are 26 columns: is a quotation mark missing?",
        ),
    ],
)
def test_a_row_that_makes_no_product_is_named(brought_in: Importer, line: str, said: str) -> None:
    came = brought_in(line, "", row(handle="mug", title="Mug", variant_price="18"))

    assert problems(came) == [said]
    assert came.products == 1


def test_missing_columns_are_named(brought_in: Importer) -> None:
    assert problems(brought_in.raw(b"Handle,Name\ntea,Tea")) == [
        "Line 1: the column Title and the column Variant Price is missing"
    ]
    assert problems(brought_in.raw(b"")) == [
        "Line 1: the column Handle and the column Title and the column Variant Price is missing"
    ]


def test_a_cell_without_end_is_named(brought_in: Importer) -> None:
    came = brought_in.raw(b'Handle,Title,Variant Price\nmug,Mug,1\ntea,"' + b"x" * 1_000_001)

    assert problems(came) == ["Line 3: cannot be read from here on (field larger than field limit (1000000))"]
    assert came.products == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16"])
def test_letters_are_read_as_they_were_written(brought_in: Importer, encoding: str) -> None:
    brought_in(row(handle="tee", title="Grüner Tee", variant_price="4"), encoding=encoding)

    assert product("tee").title == "Grüner Tee"


def test_a_file_with_semicolons_is_read(brought_in: Importer) -> None:
    came = brought_in.raw(b"Handle;Title;Variant Price\ntea;Tea;4.50")

    assert (came.products, product("tea").variants[0].price_minor) == (1, 450)


def test_a_description_comes_in_without_harm(brought_in: Importer) -> None:
    body = '<div onclick="x()">Fine <b>tea</b>.</div><script>steal()</script><p>&nbsp;</p><a href="javascript:x()">More</a>'

    brought_in(row(handle="tea", title="Tea", variant_price="4", body=body))

    assert product("tea").description == '<p>Fine <b>tea</b>.</p><a rel="nofollow noopener">More</a>'


def test_one_product_costs_few_statements(brought_in: Importer) -> None:
    with counted_statements() as sent:
        brought_in(row(handle="tea", title="Tea", type="Drinks", variant_price="4"))

    assert len(sent) <= 22


# Pictures


@pytest.fixture
def host() -> Iterator["PictureHost"]:
    with PictureHost() as host:
        yield host


class PictureHost:
    """A web server on this machine that has pictures, and things that are none."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        answers = {
            "/red.jpg": (200, _picture("JPEG")),
            "/clear.png": (200, _picture("PNG", "RGBA")),
            "/broken.jpg": (200, _picture("JPEG")[:100]),
            "/page.html": (200, b"<html>"),
            "/vector.svg": (200, b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            "/heavy.jpg": (200, b"\0" * (16 * 1024 * 1024)),
            "/moved.jpg": (302, b"/red.jpg"),
            "/round.jpg": (302, b"/round.jpg"),
            "/elsewhere.jpg": (302, b"file:///etc/passwd"),
        }
        asked = self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                status, body = answers.get(self.path, (404, b""))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", body.decode())
                self.end_headers()
                with suppress(ConnectionError):
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _picture(form: str, mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (3000, 1000), "#aa332280").save(out, form)
    return out.getvalue()


def test_pictures_are_fetched_drawn_anew_and_fetched_once(brought_in: Importer, host: PictureHost) -> None:
    tea = {"handle": "tea", "option1_name": "Size", "variant_price": "4"}
    rows = [
        row(
            **tea,
            title="Tea",
            option1_value="S",
            image_src=f"{host.url}/moved.jpg",
            image_position="2",
            image_alt_text="Red",
        ),
        row(**tea, option1_value="M", variant_image=f"{host.url}/clear.png"),
        row(handle="tea", image_src=f"{host.url}/clear.png", image_position="1"),
        row(handle="tea", image_src=f"{host.url}/gone.jpg", image_position="3"),
    ]

    came = brought_in(*rows, fetcher=PictureFetcher(public_only=False))
    first = [(one.id, one.path) for one in product("tea").pictures]
    brought_in(*rows, fetcher=PictureFetcher(public_only=False))

    clear, red = product("tea").pictures
    small, medium = product("tea").variants
    assert came.drawn == 0
    assert [(one.id, one.path) for one in (clear, red)] == first
    assert (clear.alt, red.alt, medium.picture_id, small.picture_id) == ("Tea", "Red", clear.id, None)
    assert sorted(host.asked) == ["/clear.png", "/gone.jpg", "/gone.jpg", "/moved.jpg", "/red.jpg"]
    with Image.open(media_folder().parent / clear.path) as picture:
        assert (picture.format, picture.size, picture.mode) == ("WEBP", (1600, 533), "RGBA")


@pytest.mark.parametrize(
    "name",
    ["broken.jpg", "page.html", "vector.svg", "heavy.jpg", "round.jpg", "elsewhere.jpg", "gone.jpg"],
)
def test_what_is_no_picture_is_drawn_instead(brought_in: Importer, host: PictureHost, name: str) -> None:
    tea = row(handle="tea", title="Tea", variant_price="4", image_src=f"{host.url}/{name}")

    came = brought_in(tea, fetcher=PictureFetcher(public_only=False))

    (picture,) = product("tea").pictures
    assert (came.drawn, picture.path.startswith("media/drawn/"), picture.alt) == (1, True, "Tea")


def test_a_real_picture_takes_the_place_of_the_drawn_one(brought_in: Importer, host: PictureHost) -> None:
    tea = {"handle": "tea", "title": "Tea", "variant_price": "4"}
    brought_in(row(**tea))

    brought_in(row(**tea, image_src=f"{host.url}/red.jpg"), fetcher=PictureFetcher(public_only=False))

    (picture,) = product("tea").pictures
    assert picture.path.startswith("media/pictures/")


@pytest.mark.parametrize(
    "source", ["{url}/red.jpg", "ftp://example.com/a.jpg", "a.jpg", "//", "http://[", "http://localhost:{port}/red.jpg"]
)
def test_the_shops_own_machines_are_not_asked(brought_in: Importer, host: PictureHost, source: str) -> None:
    address = source.format(url=host.url, port=host.url.rpartition(":")[2])

    came = brought_in(row(handle="tea", title="Tea", variant_price="4", image_src=address))

    assert (came.drawn, host.asked) == (1, [])


def test_a_host_that_does_not_answer_is_not_asked_for_ever(brought_in: Importer, host: PictureHost) -> None:
    host.__exit__()
    fetcher = PictureFetcher(public_only=False)
    rows = [row(handle=f"tea-{n}", title="Tea", variant_price="4", image_src=f"{host.url}/{n}.jpg") for n in range(5)]

    came = brought_in(*rows, fetcher=fetcher)

    assert (came.products, came.drawn) == (5, 5)
