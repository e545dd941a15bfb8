"""Reading a product spreadsheet: its letters, its columns, and the rows of each product with their lines."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NEEDED = ("Handle", "Title", "Variant Price")
_LONGEST_CELL = 1_000_000
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Problem:
    """What is wrong in which line of the file; `handle` is the product it kept out, when one is known."""

    line: int
    handle: str
    reason: str

    def __str__(self) -> str:
        return f"Line {self.line}{f' ({self.handle})' if self.handle else ''}: {self.reason}"


class BadRowError(Exception):
    """This row cannot be what it should be."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


@dataclass(frozen=True)
class SheetRow:
    """One row, and the line it begins in."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Sheet:
    """The rows of each product, by handle, in the order they came."""

    products: dict[str, list[SheetRow]]
    problems: tuple[Problem, ...]


def read_sheet(path: Path) -> Sheet:
    """Read the whole file. What cannot be read is a problem of its line, and of the product that line belongs to."""
    text = _decoded(path.read_bytes())
    header, rows = _table(text)
    missing = [column for column in NEEDED if column not in header]
    if missing:
        return Sheet({}, (Problem(1, "", f"the column {' and the column '.join(missing)} is missing"),))
    return _grouped(header, rows)


def _decoded(raw: bytes) -> str:
    if raw.startswith(_UTF16):
        return raw.decode("utf-16", errors="replace")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def _table(text: str) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    first = text.partition("\n")[0]
    # A spreadsheet saved again in Germany has semicolons.
    delimiter = max(",;\t", key=first.count)
    rows = _numbered(text.replace("\0", ""), delimiter)
    header = next(rows, (1, []))[1]
    return [name.strip() for name in header], rows


def _numbered(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    begins = 1
    for row in reader:
        yield begins, row
        begins = reader.line_num + 1


def _grouped(header: list[str], rows: Iterator[tuple[int, list[str]]]) -> Sheet:
    products: dict[str, list[SheetRow]] = {}
    problems: dict[str, Problem] = {}
    nameless: list[Problem] = []
    line = 1
    try:
        for line, cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            row = SheetRow(line, {name: cell.strip() for name, cell in zip(header, cells, strict=False)})
            handle, wrong = row["Handle"], _wrong_shape(row, header, cells)
            if handle and wrong:
                problems.setdefault(handle, Problem(line, handle, wrong))
            elif wrong:
                nameless.append(Problem(line, "", wrong))
            else:
                products.setdefault(handle, []).append(row)
    except csv.Error as error:
        nameless.append(Problem(line + 1, "", f"cannot be read from here on ({error})"))
    whole = {handle: of_one for handle, of_one in products.items() if handle not in problems}
    return Sheet(whole, (*problems.values(), *nameless))


def _wrong_shape(row: SheetRow, header: list[str], cells: list[str]) -> str:
    if not row["Handle"]:
        return "the Handle is missing"
    if "/" in row["Handle"]:
        return f"the Handle “{row['Handle']}” has a slash, which cannot be in an address"
    if len(cells) > len(header) and any(cells[len(header) :]):
        return f"has {len(cells)} cells, but there are {len(header)} columns: is a quotation mark missing?"
    return ""
