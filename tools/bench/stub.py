"""A Stripe that takes no time: every payment succeeds, as the sandbox once answered one. `python -m tools.bench.stub PORT FILE`."""

import asyncio
import copy
import itertools
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

_numbers = itertools.count(1)


def paid(sample: dict[str, Any], asked: dict[str, str]) -> bytes:
    """A PaymentIntent that succeeded, for what was asked."""
    number = next(_numbers)
    intent = copy.deepcopy(sample)
    amount = int(asked["amount"])
    charge = intent["latest_charge"]
    intent |= {"id": f"pi_stub{number}", "amount": amount, "amount_received": amount}
    charge |= {"id": f"ch_stub{number}", "payment_intent": intent["id"], "amount": amount, "amount_captured": amount}
    marks = {name[9:-1]: value for name, value in asked.items() if name.startswith("metadata[")}
    for one in (intent, charge):
        one |= {"currency": asked["currency"], "metadata": marks, "payment_method": asked["payment_method"]}
        one["customer"] = asked.get("customer")
    return json.dumps(intent).encode()


async def serve(port: int, sample: dict[str, Any]) -> None:
    """Answer until ended."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = int(head.partition("content-length:")[2].partition("\r\n")[0])
                asked = dict(parse_qsl((await reader.readexactly(length)).decode()))
                body = paid(sample, asked)
                told = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(told.encode() + body)
        except asyncio.IncompleteReadError:
            writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))))
