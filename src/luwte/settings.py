"""The installation's settings: one frozen value, read once from `luwte.toml` in the data folder."""

import ipaddress
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from luwte.errors import CannotStart

FILE = "luwte.toml"

DEMONSTRATION = "demonstration "
"""What stands before the root key of a demonstration, in root.pub."""

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")


@dataclass(frozen=True, slots=True)
class Settings:
    """Where and for whom this server runs."""

    folder: Path
    organisation: str
    """Slug; it is in every certificate and every wrap."""
    name: str
    """What a visitor reads: "a counsellor of {name}"."""
    line: str
    """Slug of the line that `/` opens."""
    line_name: str
    origins: tuple[str, ...]
    """The addresses under which browsers reach it, e.g. https://chat.example.org"""
    listen: str
    """Address and port, e.g. 127.0.0.1:8000"""
    exit_url: str
    """Where "Leave now" goes: an ordinary page outside."""
    retention_days: int
    desk_limit: int = 4
    """Conversations that one counsellor may have at once."""
    retention_of: Mapping[str, int] = field(default_factory=dict)
    """Lines with another number of days than `retention_days`, by slug."""

    def keeps(self, line: str) -> int:
        """Days after the last message for which a conversation of this line is kept."""
        return self.retention_of.get(line, self.retention_days)

    @property
    def host(self) -> str:
        """The address to listen on."""
        return self.listen.rpartition(":")[0]

    @property
    def port(self) -> int:
        """The port to listen on."""
        return int(self.listen.rpartition(":")[2])


def read(folder: Path) -> Settings:
    """The settings in *folder*. Raises `CannotStart` with one plain line for whatever is missing, unknown or wrong."""
    path = folder / FILE
    try:
        values = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise CannotStart(f"There is no {FILE} in this folder. Point --dir at the data folder.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise CannotStart(f"{FILE} cannot be read: it is not valid TOML.") from None
    return _settings(folder, values)


def _settings(folder: Path, values: dict[str, Any]) -> Settings:
    kinds = {one.name: one.type for one in fields(Settings) if one.name != "folder"}
    optional = {one.name for one in fields(Settings) if (one.default, one.default_factory) != (MISSING, MISSING)}
    for name in values:
        if name not in kinds:
            raise CannotStart(f"Unknown setting in {FILE}: {name!r}.")
    for name, kind in kinds.items():
        if name in values:
            _check_kind(name, kind, values[name])
        elif name not in optional:
            raise CannotStart(f"Missing setting in {FILE}: {name!r}.")
    origins = tuple(str(origin) for origin in _as_list(values["origins"]))
    settings = Settings(folder=folder, **{**values, "origins": origins})
    _check(settings)
    return settings


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _check_kind(name: str, kind: object, value: object) -> None:
    wanted = kind if kind is str or kind is int else dict if name == "retention_of" else list
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise CannotStart(f"The setting {name!r} in {FILE} is not of the right type.")


def _check(settings: Settings) -> None:
    for name in ("organisation", "line"):
        if not _SLUG.fullmatch(getattr(settings, name)):
            raise CannotStart(f"The setting {name!r} in {FILE} may hold small letters, digits and hyphens only.")
    host, _, port = settings.listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise CannotStart(f"The setting 'listen' in {FILE} must be address:port.")
    if not settings.origins or not all(_is_origin(origin) for origin in settings.origins):
        raise CannotStart(f"The setting 'origins' in {FILE} must list addresses such as https://chat.example.org.")
    if urlsplit(settings.exit_url).scheme != "https":
        raise CannotStart(f"The setting 'exit_url' in {FILE} must be an https address.")
    if settings.retention_days < 1:
        raise CannotStart(f"The setting 'retention_days' in {FILE} must be at least 1.")
    for line, days in settings.retention_of.items():
        if not _SLUG.fullmatch(line) or type(days) is not int or days < 1:
            raise CannotStart(
                f"[retention_of] in {FILE} must name lines, each with a number of days that is at least 1."
            )
    if settings.desk_limit < 1:
        raise CannotStart(f"The setting 'desk_limit' in {FILE} must be at least 1.")


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.netloc) and text == f"{parts.scheme}://{parts.netloc}"


def is_loopback(host: str) -> bool:
    """Whether *host* is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def write(settings: Settings) -> None:
    """Write the settings to their folder, whole or not at all."""
    lines = [
        f"{one.name} = {_toml(getattr(settings, one.name))}\n"
        for one in fields(Settings)
        if one.name not in ("folder", "retention_of")
    ]
    # A table stands last: whatever follows its head would belong to it.
    if settings.retention_of:
        lines += ["\n[retention_of]\n", *(f"{line} = {days}\n" for line, days in settings.retention_of.items())]
    temporary = settings.folder / f"{FILE}.new"
    temporary.write_text("".join(lines))
    temporary.replace(settings.folder / FILE)


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, int):
        return str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
