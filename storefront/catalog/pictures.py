"""Fetching a product's pictures from where a file says they are, carefully: what comes back may be anything."""

import hashlib
import io
import ipaddress
import socket
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin, urlsplit

import requests
from PIL import Image, ImageOps, UnidentifiedImageError

from storefront.catalog.drawn import drawn_picture
from storefront.catalog.media import save_picture

_TIMEOUT: Final = (4, 10)
_LONGEST: Final = 30
_HEAVIEST: Final = 15 * 1024 * 1024
_MOST_PIXELS: Final = 50_000_000
_LARGEST: Final = (1600, 2000)
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
_MOST_REDIRECTS: Final = 3
_PATIENCE: Final = 2


class NoPictureError(Exception):
    """There is no picture to be had there."""


@dataclass
class PictureFetcher:
    """Fetches pictures into the media folder, and stops asking a host that does not answer.

    Only addresses of the open internet are asked: a file must not make the shop talk to its own machines.
    """

    public_only: bool = True
    _silent: Counter[str] = field(default_factory=Counter)

    def fetch(self, source: str) -> str | None:
        """The path of the picture in the media folder; None when it cannot be had."""
        try:
            content = _as_webp(self._download(source))
        except NoPictureError:
            return None
        return save_picture(f"pictures/{_name_of(content)}.webp", content)

    def _download(self, url: str) -> bytes:
        deadline = time.monotonic() + _LONGEST
        for _ in range(_MOST_REDIRECTS + 1):
            self._refuse_address(url)
            with self._get(url) as response:
                if not response.is_redirect:
                    return _body(response, deadline)
                url = urljoin(url, response.headers["Location"])
        raise NoPictureError("sent on and on")

    def _get(self, url: str) -> requests.Response:
        host = urlsplit(url).netloc
        try:
            return requests.get(
                url, timeout=_TIMEOUT, stream=True, allow_redirects=False, headers={"Accept": "image/*"}
            )
        except (requests.ConnectionError, requests.Timeout) as error:
            self._silent[host] += 1
            raise NoPictureError("no answer") from error
        except (requests.RequestException, ValueError) as error:
            raise NoPictureError("no address") from error

    def _refuse_address(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port or 443
        except ValueError as error:
            raise NoPictureError("no address") from error
        if parts.scheme not in {"http", "https"} or not host:
            raise NoPictureError("no web address")
        if self._silent[parts.netloc] >= _PATIENCE:
            raise NoPictureError("silent before")
        if self.public_only and not self._is_public(host, port):
            self._silent[parts.netloc] += 1
            raise NoPictureError("not of the open internet")

    @staticmethod
    def _is_public(host: str, port: int) -> bool:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return False
        return all(ipaddress.ip_address(address[4][0]).is_global for address in found)


def draw(handle: str, title: str, kind: str) -> str:
    """Draw a stand-in for a product without a picture; returns its path in the media folder."""
    content = drawn_picture(handle, title, kind).encode()
    return save_picture(f"drawn/{_name_of(content)}.svg", content)


def _name_of(content: bytes) -> str:
    # Browsers keep a picture for a year: another picture has another name.
    return hashlib.sha256(content).hexdigest()[:20]


def _body(response: requests.Response, deadline: float) -> bytes:
    if response.status_code != 200:
        raise NoPictureError(f"answered {response.status_code}")
    content = bytearray()
    try:
        for part in response.iter_content(64 * 1024):
            content += part
            if len(content) > _HEAVIEST or time.monotonic() > deadline:
                raise NoPictureError("too much")
    except requests.RequestException as error:
        raise NoPictureError("broke off") from error
    return bytes(content)


def _as_webp(content: bytes) -> bytes:
    # Drawn anew, so that nothing but the picture itself comes along: no script, no place, no camera.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=_FORMATS)
        if picture.width * picture.height > _MOST_PIXELS:
            raise NoPictureError("too large")
        upright = ImageOps.exif_transpose(picture)
        plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
        plain.thumbnail(_LARGEST)
        out = io.BytesIO()
        plain.save(out, "WEBP", quality=82, method=4)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise NoPictureError("no picture") from error
    return out.getvalue()
