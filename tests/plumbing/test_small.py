"""Relay, limits, the second lock, the log's formatter, settings, migrations."""

import logging
import os
import sqlite3
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luwte import settings as settings_module
from luwte.errors import CannotStart
from luwte.plumbing.limits import HOUR, Limits, network
from luwte.plumbing.lock import Damaged, lock, unlock
from luwte.plumbing.log import SafeFormatter
from luwte.plumbing.migrate import migrate
from luwte.plumbing.proxies import Proxies
from luwte.plumbing.relay import Relay
from luwte.settings import Settings


def test_a_wake_reaches_followers_of_its_topic_until_they_stop() -> None:
    """Nobody else, and nobody afterwards; stopping inside a wake is allowed."""
    relay, heard = Relay(), []
    stop_a = relay.follow("a", lambda: (heard.append("a"), stop_a()))  # type: ignore[func-returns-value]
    relay.follow("b", lambda: heard.append("b"))
    relay.wake("a")
    relay.wake("a")
    assert heard == ["a"]
    assert not relay.is_followed("a")
    assert relay.is_followed("b")


def test_limits_allow_a_burst_and_then_a_pace() -> None:
    """Ten at once, then one a minute; another source is untouched; after an hour all is forgotten."""
    now = [0.0]
    limits = Limits(lambda: now[0])
    may = [limits.spend("x", "one", burst=10, per_minute=1) for _ in range(12)]
    assert may == [True] * 10 + [False] * 2
    assert limits.spend("x", "two", burst=10, per_minute=1)
    now[0] = 61
    assert [limits.spend("x", "one", burst=10, per_minute=1) for _ in range(2)] == [True, False]
    now[0] = 61 + HOUR
    assert limits.spend("x", "one", burst=10, per_minute=1)


def test_limits_hold_no_address() -> None:
    """What is in memory is keyed by a secret; the text of a source is nowhere."""
    limits = Limits(lambda: 0.0)
    limits.spend("x", "203.0.113.7", burst=1, per_minute=1)
    assert "203.0.113" not in repr(vars(limits))
    assert b"203.0.113" not in b"".join(limits._buckets)


def test_a_network_is_24_or_56_bits() -> None:
    """Neighbours share a bucket; a local socket is one network."""
    assert network("192.0.2.17") == network("192.0.2.200") != network("192.0.3.17")
    assert network("2001:db8:0:aa01::1") == network("2001:db8:0:aaff::9") != network("2001:db8:0:bb00::1")
    assert network("::ffff:192.0.2.17") == network("192.0.2.200") != network("::ffff:192.0.3.17")
    assert network(None) == network("") == network("192.0.2.17, 192.0.2.18") == network("192.0.2.17:80") == "local"


def test_each_circuit_of_an_onion_is_its_own() -> None:
    """Tor numbers them in one small network, and no person is in two of them at once."""
    assert network("fc00:dead:beef:4dad::aabb:ccdd") != network("fc00:dead:beef:4dad::aabb:ccde")
    assert network("fc00:dead:beef:4dae::aabb:ccdd") == network("fc00:dead:beef:4dae::aabb:ccde")


def test_only_a_proxy_that_was_named_is_believed() -> None:
    """An address, a network, our Unix socket; everybody else is where their connection comes from."""
    told = "203.0.113.7"
    for trusted, peer, source in (
        ((), "127.0.0.1", "127.0.0.1"),
        ((), None, None),
        (("unix",), None, told),
        (("unix",), "127.0.0.1", "127.0.0.1"),
        (("127.0.0.1",), "127.0.0.1", told),
        (("127.0.0.1",), "127.0.0.2", "127.0.0.2"),
        (("127.0.0.1",), None, None),
        (("10.0.0.0/8", "::1"), "10.9.8.7", told),
        (("10.0.0.0/8", "::1"), "::1", told),
        (("10.0.0.0/8", "::1"), "11.9.8.7", "11.9.8.7"),
    ):
        assert Proxies(trusted).source(peer, told) == source, (trusted, peer)
    assert Proxies(("unix",)).source(None, "") is None


@given(data=st.binary(max_size=300), row=st.binary(max_size=20), flip=st.integers(0, 10**6))
def test_a_locked_row_opens_in_its_place_and_nowhere_else(data: bytes, row: bytes, flip: int) -> None:
    """Another key, table, subject or row, or one changed bit: it does not open."""
    key, subject = os.urandom(32), os.urandom(16)
    locked = lock(key, b"envelope", subject, row, data)
    assert unlock(key, b"envelope", subject, row, locked) == data
    bent = bytearray(locked)
    bent[flip % len(bent)] ^= 1 << flip % 8
    for attempt in (
        (os.urandom(32), b"envelope", subject, row, locked),
        (key, b"wrap", subject, row, locked),
        (key, b"envelope", os.urandom(16), row, locked),
        (key, b"envelope", subject, row + b"x", locked),
        (key, b"envelope", subject, row, bytes(bent)),
    ):
        with pytest.raises(Damaged):
            unlock(*attempt)


def test_an_exception_is_logged_as_its_kind_and_place_never_its_words() -> None:
    """What somebody typed can be in an exception's message; it does not reach the log."""
    try:
        int("my secret name")
    except ValueError:
        record = logging.LogRecord("luwte", logging.ERROR, __file__, 1, "it broke", (), sys.exc_info())
    text = SafeFormatter("%(message)s").format(record)
    assert "ValueError" in text
    assert "test_small.py" in text
    assert "secret" not in text


def good() -> dict[str, str]:
    """Settings as they are written."""
    return {
        "organisation": '"ckm"',
        "name": '"Help"',
        "line": '"chat"',
        "line_name": '"Chat"',
        "origins": '["https://chat.example.org"]',
        "listen": '"127.0.0.1:8000"',
        "exit_url": '"https://weather.example.org/"',
        "retention_days": "30",
    }


def read(folder: Path, values: dict[str, str]) -> Settings:
    """Write them, read them."""
    (folder / settings_module.FILE).write_text("".join(f"{name} = {value}\n" for name, value in values.items()))
    return settings_module.read(folder)


def behind_a_proxy() -> dict[str, str]:
    """Settings of an installation with three addresses and an onion, whose proxy uses a socket."""
    return good() | {
        "origins": '["https://chat.example.org", "https://abc.onion"]',
        "desk_origins": '["https://desk.example.org"]',
        "partner_origins": '["https://partner.example.org"]',
        "onion": '"https://abc.onion"',
        "listen": '"unix:/run/luwte/luwte.sock"',
        "trusted_proxies": '["unix", "10.0.0.0/8", "::1"]',
    }


@pytest.mark.parametrize("values", [good(), behind_a_proxy()])
def test_good_settings_are_read_and_written_the_same(tmp_path: Path, values: dict[str, str]) -> None:
    """A round trip changes nothing."""
    settings = read(tmp_path, values)
    settings_module.write(settings)
    assert settings_module.read(tmp_path) == settings


def test_each_address_has_its_part(tmp_path: Path) -> None:
    """Named ones one each; with nothing named everything is where visitors are."""
    assert read(tmp_path, good()).parts == {"chat.example.org": {"visitor", "desk", "partner"}}
    assert read(tmp_path, behind_a_proxy()).parts == {
        "chat.example.org": {"visitor"},
        "abc.onion": {"visitor"},
        "desk.example.org": {"desk"},
        "partner.example.org": {"partner"},
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colour": '"red"'}, "Unknown setting"),
        ({"line": None}, "Missing setting"),
        ({"line": "7"}, "right type"),
        ({"retention_days": "true"}, "right type"),
        ({"retention_days": "0"}, "at least 1"),
        ({"line": '"Chat Line"'}, "small letters"),
        ({"listen": '"8000"'}, "address:port"),
        ({"origins": '["chat.example.org"]'}, "origins"),
        ({"origins": '["https://chat.example.org/"]'}, "origins"),
        ({"exit_url": '"http://weather.example.org/"'}, "https"),
        ({"listen": '"unix:luwte.sock"'}, "from / on"),
        ({"desk_origins": '["desk.example.org"]'}, "desk_origins"),
        ({"desk_origins": '["https://chat.example.org"]'}, "twice"),
        ({"desk_origins": '["http://chat.example.org"]'}, "twice"),
        ({"desk_origins": '["https://d.example"]', "partner_origins": '["https://d.example"]'}, "twice"),
        ({"onion": '"https://abc.onion"'}, "onion"),
        ({"onion": '"https://chat.example.org"'}, "onion"),
        ({"trusted_proxies": '["proxy.example.org"]'}, "trusted_proxies"),
        ({"trusted_proxies": '["10.0.0.1/8"]'}, "trusted_proxies"),
        ({"name": "'''"}, "not valid TOML"),
    ],
)
def test_wrong_settings_give_one_plain_line(tmp_path: Path, change: dict[str, str | None], words: str) -> None:
    """Which setting, and what is wrong with it."""
    values = {name: value for name, value in (good() | change).items() if value is not None}
    with pytest.raises(CannotStart, match=words) as caught:
        read(tmp_path, values)
    assert "\n" not in str(caught.value)


def test_migrations_run_once_and_refuse_a_newer_schema(tmp_path: Path) -> None:
    """An older program leaves a newer database alone."""
    path = tmp_path / "main.db"
    migrate(path)
    migrate(path)
    connection = sqlite3.connect(path)
    assert {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")} >= {
        "conversation",
        "envelope",
        "audit",
    }
    connection.execute("PRAGMA user_version=999")
    connection.close()
    with pytest.raises(CannotStart, match="newer"):
        migrate(path)
