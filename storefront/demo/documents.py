"""The files that the demo sells: set from their sources when the shop is stocked, so that no PDF lies in the repository."""

import tempfile
from pathlib import Path
from typing import Final

import typst

from storefront import invoices
from storefront.digital.assets import Terms, add_file, add_link, listed

_SOURCES: Final = Path(__file__).parent / "goods" / "files"
_FONTS: Final = Path(invoices.__file__).parent / "fonts"
_FILES: Final = {
    "GLAZES-SIX": (("glaze-booklet", "Six glazes.pdf"),),
    "PATTERN-APRON": (("apron-pattern", "Apron pattern.pdf"),),
}
_LINKS: Final = {"GLAZES-SIX": ("https://en.wikipedia.org/wiki/Ceramic_glaze", "More about glazes")}


def bring_papers() -> None:
    """Let each variant bring what belongs to it; again is safe."""
    there = {one.sku for one in listed()}
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(_FONTS)])
    with tempfile.TemporaryDirectory() as folder:
        for sku, files in _FILES.items():
            for source, name in files if sku not in there else ():
                pdf = Path(folder) / f"{source}.pdf"
                typst.compile(str(_SOURCES / f"{source}.typ"), output=str(pdf), format="pdf", font_paths=fonts)
                add_file(sku, pdf, Terms(name=name))
            if sku in _LINKS and sku not in there:
                url, words = _LINKS[sku]
                add_link(sku, url, Terms(name=words, max_downloads=None))
