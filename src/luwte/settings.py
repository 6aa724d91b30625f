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

UNIX = "unix:"
"""What a place to listen begins with that is a socket in the file system."""

VISITOR, DESK, PARTNER = "visitor", "desk", "partner"

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
    """The addresses under which visitors' browsers reach it, e.g. https://chat.example.org"""
    listen: str
    """Address and port, e.g. 127.0.0.1:8000, or a Unix socket for a proxy, e.g. unix:/run/luwte/luwte.sock"""
    exit_url: str
    """Where "Leave now" goes: an ordinary page outside."""
    retention_days: int
    desk_limit: int = 4
    """Conversations that one counsellor may have at once."""
    retention_of: Mapping[str, int] = field(default_factory=dict)
    """Lines with another number of days than `retention_days`, by slug."""
    desk_origins: tuple[str, ...] = ()
    """The addresses of the desk alone; with none it is at the visitors', as in a demonstration."""
    partner_origins: tuple[str, ...] = ()
    """The addresses of partners alone."""
    onion: str = ""
    """The onion among the visitors' addresses of which a browser is told at the others; empty: none is told."""
    trusted_proxies: tuple[str, ...] = ()
    """Whose word about where a request comes from counts: addresses, networks, or "unix" for the socket."""

    def keeps(self, line: str) -> int:
        """Days after the last message for which a conversation of this line is kept."""
        return self.retention_of.get(line, self.retention_days)

    @property
    def socket(self) -> Path | None:
        """The Unix socket to listen on, if it is one."""
        return Path(self.listen.removeprefix(UNIX)) if self.listen.startswith(UNIX) else None

    @property
    def host(self) -> str:
        """The address to listen on."""
        return self.listen.rpartition(":")[0]

    @property
    def port(self) -> int:
        """The port to listen on."""
        return int(self.listen.rpartition(":")[2])

    @property
    def parts(self) -> dict[str, frozenset[str]]:
        """Which parts are served at each host. Nothing of one is found at the address of another."""
        own = {VISITOR: self.origins, DESK: self.desk_origins, PARTNER: self.partner_origins}
        found: dict[str, set[str]] = {}
        for part, origins in own.items():
            for origin in origins or self.origins:
                found.setdefault(host_of(origin), set()).add(part)
        return {host: frozenset(parts) for host, parts in found.items()}

    @property
    def all_origins(self) -> tuple[str, ...]:
        """Every address of ours."""
        return (*self.origins, *self.desk_origins, *self.partner_origins)


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
    values = {name: tuple(map(str, value)) if isinstance(value, list) else value for name, value in values.items()}
    settings = Settings(folder=folder, **values)
    _check(settings)
    return settings


def _check_kind(name: str, kind: object, value: object) -> None:
    wanted = kind if kind is str or kind is int else dict if name == "retention_of" else list
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise CannotStart(f"The setting {name!r} in {FILE} is not of the right type.")


def _check(settings: Settings) -> None:
    for name in ("organisation", "line"):
        if not _SLUG.fullmatch(getattr(settings, name)):
            raise CannotStart(f"The setting {name!r} in {FILE} may hold small letters, digits and hyphens only.")
    _check_listen(settings)
    _check_addresses(settings)
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


def _check_listen(settings: Settings) -> None:
    if settings.socket is not None:
        if not settings.socket.is_absolute():
            raise CannotStart(
                f"The setting 'listen' in {FILE} must name the socket from / on: unix:/run/luwte/luwte.sock."
            )
    else:
        host, _, port = settings.listen.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            raise CannotStart(f"The setting 'listen' in {FILE} must be address:port or unix:/path.")
    if not all(one == "unix" or _is_network(one) for one in settings.trusted_proxies):
        raise CannotStart(f"The setting 'trusted_proxies' in {FILE} may list addresses, networks and \"unix\" only.")


def _check_addresses(settings: Settings) -> None:
    for name in ("origins", "desk_origins", "partner_origins"):
        origins = getattr(settings, name)
        if (name == "origins" and not origins) or not all(_is_origin(origin) for origin in origins):
            raise CannotStart(f"The setting {name!r} in {FILE} must list addresses such as https://chat.example.org.")
    if len(set(map(host_of, settings.all_origins))) < len(settings.all_origins):
        raise CannotStart(f"An address stands twice in {FILE}: visitors, the desk and partners need their own.")
    if settings.onion and not (settings.onion in settings.origins and is_onion(host_of(settings.onion))):
        raise CannotStart(f"The setting 'onion' in {FILE} must be one of 'origins', and an onion address.")


def host_of(origin: str) -> str:
    """What a browser's Host header says at *origin*."""
    return origin.partition("://")[2]


def is_onion(host: str) -> bool:
    """Whether *host* is an onion service's."""
    return host.partition(":")[0].endswith(".onion")


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


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


def is_loopback_origin(origin: str) -> bool:
    """Whether *origin* is plain http at this machine itself, for trying things out."""
    parts = urlsplit(origin)
    return parts.scheme == "http" and parts.port is not None and is_loopback(parts.hostname or "")


def listen_at(origin: str) -> str:
    """Where a server listens that is reached at a loopback *origin* without a proxy."""
    return f"127.0.0.1:{urlsplit(origin).port}"


def neighbour(origin: str) -> str:
    """The other name of a loopback *origin*: to a browser it is another address, on the same port."""
    parts = urlsplit(origin)
    return f"http://{'127.0.0.1' if parts.hostname == 'localhost' else 'localhost'}:{parts.port}"


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
