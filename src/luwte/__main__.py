"""`luwte`, and a stop that is obeyed while it is still loading."""

import os
import signal
from types import FrameType


def main() -> None:
    """Run the command.

    SIGINT and SIGTERM end it at once until it answers, and cleanly from then on: until then nothing is acknowledged,
    and what is written is written whole or not at all.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    from luwte.cli import main as command  # most of the time until it answers goes into this line

    command()


def _stop(number: int, _: FrameType | None) -> None:
    os._exit(128 + number)


if __name__ == "__main__":
    main()
