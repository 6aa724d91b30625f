"""Exact counts without identifiers, for the operator's own eyes (a loopback listener) and for the bench."""

import asyncio
from collections import defaultdict


class Metrics:
    """Named sums. `*_ns` are nanoseconds spent in one stage; names are constants of the code, never data."""

    def __init__(self) -> None:
        self.sums: defaultdict[str, int] = defaultdict(int)

    def add(self, name: str, amount: int) -> None:
        """Add *amount* to the sum *name*."""
        self.sums[name] += amount

    def all(self) -> dict[str, int]:
        """A copy of all sums."""
        return dict(self.sums)

    def text(self) -> str:
        """The sums in the Prometheus text format."""
        return "".join(f"luwte_{name} {value}\n" for name, value in sorted(self.sums.items()))


async def serve(metrics: Metrics, port: int) -> asyncio.Server:
    """Answer every request on 127.0.0.1:*port* with the sums. Loopback only: there is no other address to give."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(5):
                await reader.readuntil(b"\r\n\r\n")
            body = metrics.text().encode()
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n\r\n" + body)
            await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", port)
