"""Is there a Chromium for the tests? Installs Debian's when we are root; otherwise says the one line to run."""

import os
import shutil
import subprocess
import sys

PACKAGES = ["chromium", "fonts-noto-core"]
NAMES = ("chromium", "chromium-browser", "google-chrome-stable")


def path() -> str | None:
    """Where Chromium is."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def main() -> int:
    """Install Chromium when it is missing."""
    if path():
        return 0
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print("The tests need Chromium. As root: apt-get update && " + " ".join(command))
        return 2
    print("Installing Chromium for the tests ...", flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
    subprocess.run(["apt-get", "update"], check=True, **quiet)
    subprocess.run(command, check=True, **quiet)
    return 0


if __name__ == "__main__":
    sys.exit(main())
