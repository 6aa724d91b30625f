"""What the program may say about itself: where something broke and of what kind. Never a value, never an address."""

import logging
import sys
import traceback
from types import TracebackType

_logger = logging.getLogger("luwte")


class SafeFormatter(logging.Formatter):
    """Formats an exception as its type and the lines of code it passed: its message may hold what somebody typed."""

    def formatException(self, ei: object) -> str:  # noqa: N802
        """Type and places only."""
        assert isinstance(ei, tuple)
        return _where(ei[1], ei[2]) if ei[1] is not None else ""


def configure() -> None:
    """Send our own warnings to standard error; silence every library that might log an address."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SafeFormatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    _logger.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "picows", "litestar", "asyncio"):
        library = logging.getLogger(name)
        library.handlers = [logging.NullHandler()]
        library.propagate = False
        library.setLevel(logging.CRITICAL + 1)


def notice(text: str) -> None:
    """Something that whoever runs the server should know: a fixed text and numbers, no value of anybody."""
    _logger.info(text)


def trouble(part: str, error: BaseException) -> None:
    """Something broke in *part* that nobody expected."""
    _logger.error("unexpected error in %s: %s", part, _where(error, error.__traceback__))


def _where(error: BaseException, tb: TracebackType | None) -> str:
    places = [
        f"{frame.name} ({frame.filename.rsplit('/', 1)[-1]}:{frame.lineno})" for frame in traceback.extract_tb(tb)
    ]
    return f"{type(error).__name__} at {' < '.join(reversed(places)) or 'no frame'}"
