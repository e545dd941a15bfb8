"""Counts the steps of what this process does, and kills it at one of them: no `finally`, no rollback, no goodbye."""

import io
import os
import signal
import socket
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, event
from urllib3.connection import HTTPConnection

NOWHERE: Final = 0
END_OF_HEAD: Final = b"\r\n\r\n"


@dataclass
class Steps:
    """Tells each step's name to `listener` before it goes on; at step `deadly` it does not go on."""

    listener: int
    deadly: int = NOWHERE
    taken: int = 0

    def step(self, name: str) -> None:
        self.taken += 1
        os.write(self.listener, f"{name}\n".encode())
        if self.taken == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)


def count_statements(engine: Engine, steps: Steps) -> None:
    """A step before and after every SQL statement, and before and after every commit."""

    @event.listens_for(engine, "before_cursor_execute")
    def before(
        _connection: Connection, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: object
    ) -> None:
        steps.step(f"before {_in_short(statement)}")

    @event.listens_for(engine, "after_cursor_execute")
    def after(
        _connection: Connection, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: object
    ) -> None:
        steps.step(f"after {_in_short(statement)}")

    real = engine.dialect.do_commit

    def do_commit(connection: Any) -> None:
        steps.step("before COMMIT")
        real(connection)
        steps.step("after COMMIT")

    engine.dialect.do_commit = do_commit  # type: ignore[method-assign, assignment]


def _in_short(statement: str) -> str:
    words = statement.split()
    if words[0] == "SELECT" and "FROM" in words:
        return f"SELECT FROM {words[words.index('FROM') + 1]}"
    return " ".join(words[: {"INSERT": 3, "DELETE": 3, "BEGIN": 2}.get(words[0], 2)])


def count_stripe(steps: Steps) -> None:
    """Seven steps of each call: before connecting, connected, half sent, all sent, effect done, half the answer, all of it."""
    real_request, real_send, real_answer = HTTPConnection.request, HTTPConnection.send, HTTPConnection.getresponse

    def request(self: Any, method: str, url: str, *rest: Any, **more: Any) -> None:
        self.letter = []
        real_request(self, method, url, *rest, **more)
        self.about = f"Stripe {method} {url.partition('?')[0]}"
        head, *body = self.__dict__.pop("letter")
        _send(self, steps, head, b"".join(body))

    def send(self: Any, data: Any) -> None:
        if "letter" in self.__dict__:
            self.letter.append(bytes(data))
        else:
            real_send(self, data)

    def getresponse(self: Any) -> Any:
        self.sock = _Heard(self.sock, _hear(self.sock, steps, self.about))
        return real_answer(self)

    HTTPConnection.request = request  # type: ignore[method-assign]
    HTTPConnection.send = send  # type: ignore[method-assign]
    HTTPConnection.getresponse = getresponse  # type: ignore[method-assign]


def _send(line: Any, steps: Steps, head: bytes, body: bytes) -> None:
    """Half is within the body where there is one: Stripe has heard what is wanted then, but not all of it."""
    if line.sock is None:
        steps.step(f"{line.about}: before connecting")
        line.connect()
        steps.step(f"{line.about}: connected")
    whole, half = head + body, len(head) + len(body) // 2 if body else len(head) // 2
    line.sock.sendall(whole[:half])
    steps.step(f"{line.about}: half the request sent")
    line.sock.sendall(whole[half:])
    steps.step(f"{line.about}: all sent")


def _hear(line: socket.socket, steps: Steps, about: str) -> bytes:
    # Nothing is answered before the effect is done.
    line.recv(1, socket.MSG_PEEK)
    steps.step(f"{about}: effect done")
    heard = b""
    while END_OF_HEAD not in heard and (more := line.recv(64)):
        heard += more
    whole = _length(heard)
    heard = _listen(line, heard, max(len(heard), whole // 2))
    steps.step(f"{about}: half the answer")
    heard = _listen(line, heard, whole)
    steps.step(f"{about}: all of the answer")
    return heard


def _length(heard: bytes) -> int:
    head, _, _ = heard.partition(END_OF_HEAD)
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return len(head) + len(END_OF_HEAD) + (int(lengths[0].partition(b":")[2]) if lengths else 0)


def _listen(line: socket.socket, heard: bytes, until: int) -> bytes:
    while len(heard) < until and (more := line.recv(until - len(heard))):
        heard += more
    return heard


class _Heard:
    """A socket whose answer has been read already."""

    def __init__(self, line: Any, heard: bytes) -> None:
        self._line, self._answer = line, heard

    def makefile(self, *_mode: Any, **_more: Any) -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(self._answer))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)
