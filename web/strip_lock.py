"""Take addresses out of package-lock.json: a lock file holds versions and hashes."""

import json
from pathlib import Path

PATH = Path(__file__).with_name("package-lock.json")

lock = json.loads(PATH.read_text())
for entry in lock["packages"].values():
    entry.pop("funding", None)
    entry.pop("resolved", None)
PATH.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n")
