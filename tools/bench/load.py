"""A small load generator: a few connections that are kept, bytes made before, answers read as far as they must be."""

import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

PATIENCE = 20.0


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """One connection to a server on this machine, opened again when the server closes it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._left = b""

    def ask(self, request: bytes) -> Answer:
        """Send a whole request and wait for the whole answer."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), PATIENCE)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        status, headers = self._head()
        body = b"" if status in {204, 304} else self._body(int(headers.get("content-length", "0")))
        if headers.get("connection") == "close":
            self.close()
        return Answer(status, headers, body)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._left = None, b""

    def _head(self) -> tuple[int, dict[str, str]]:
        while b"\r\n\r\n" not in self._left:
            self._receive()
        head, _, self._left = self._left.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return int(first.split(" ", 2)[1]), headers

    def _body(self, length: int) -> bytes:
        while len(self._left) < length:
            self._receive()
        body, self._left = self._left[:length], self._left[length:]
        return body

    def _receive(self) -> None:
        assert self._socket is not None
        more = self._socket.recv(65536)
        if not more:
            self.close()
            raise ConnectionError("the server closed the connection")
        self._left += more


@dataclass
class Measured:
    """How long each request took, over all rounds."""

    seconds: float = 0.0
    computed: float = 0.0
    times: list[float] = field(default_factory=list)
    wrong: Counter[int] = field(default_factory=Counter)

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds if self.seconds else 0.0

    @property
    def cost(self) -> float:
        """What the server computed for one request, in milliseconds."""
        return self.computed / len(self.times) * 1000 if self.times else 0.0

    @property
    def median(self) -> float:
        """In milliseconds."""
        return statistics.median(self.times) * 1000 if self.times else 0.0

    @property
    def p99(self) -> float:
        """In milliseconds."""
        return sorted(self.times)[int(len(self.times) * 0.99)] * 1000 if self.times else 0.0


def press(port: int, requests: Iterator[bytes], measured: Measured, *, connections: int, seconds: float) -> None:
    """Ask as fast as answers come, until the time is over or nothing is left to ask."""
    lock = threading.Lock()
    began = time.perf_counter()
    until = began + seconds

    def ask_on() -> None:
        connection = Connection(port)
        while time.perf_counter() < until:
            with lock:
                request = next(requests, None)
            if request is None:
                break
            sent = time.perf_counter()
            status = connection.ask(request).status
            took = time.perf_counter() - sent
            with lock:
                measured.times.append(took)
                if status >= 400:
                    measured.wrong[status] += 1
        connection.close()

    threads = [threading.Thread(target=ask_on) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    measured.seconds += time.perf_counter() - began


def request_for(method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """A request as a browser sends it, as bytes."""
    told = {"Host": "127.0.0.1", "Accept": "text/html", "Accept-Encoding": "gzip, deflate, br, zstd"} | (headers or {})
    if body:
        told["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
