"""Is there what the tests need of the system? As root it installs Debian's; otherwise it says the one line to run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

WANTED = {
    "Chromium": (("chromium", "chromium-browser", "google-chrome-stable"), ["chromium", "fonts-noto-core"]),
    "nginx": (("nginx", "/usr/sbin/nginx"), ["nginx"]),
    "Caddy": (("caddy",), ["caddy"]),
}
"""Names of a program, and the packages that bring it."""

SERVICES = ["nginx", "caddy"]
"""What Debian starts by itself when it is installed; the tests start their own."""


def path(program: str = "Chromium") -> str | None:
    """Where *program* is."""
    return next((found for name in WANTED[program][0] if (found := shutil.which(name))), None)


def main() -> int:
    """Install what is missing."""
    missing = [program for program in WANTED if not path(program)]
    if not missing:
        return 0
    packages = [package for program in missing for package in WANTED[program][1]]
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    names = ", ".join(missing)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(f"The tests need {names}. As root: apt-get update && " + " ".join(command))
        return 2
    print(f"Installing {names} for the tests ...", flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
    subprocess.run(["apt-get", "update"], check=True, **quiet)
    subprocess.run(command, check=True, **quiet)
    started = [name for name in SERVICES if name in packages]
    if started and Path("/run/systemd/system").exists():
        subprocess.run(["systemctl", "disable", "--now", *started], check=False, **quiet)
    return 0


if __name__ == "__main__":
    sys.exit(main())
