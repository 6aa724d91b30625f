"""The key store's promise: a key that was put is there after a crash, an erased one is nowhere."""

import os
import threading
import time
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from luwte.errors import CannotStart
from luwte.plumbing.keystore import CONVERSATION, STAFF, KeyStore, copy, ids

IDS = [bytes([n]) * 16 for n in range(1, 7)]


class Play(RuleBasedStateMachine):
    """Put, erase, open again, lose power in the middle of the last put; beside it a plain dictionary."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self._folder = tempfile.TemporaryDirectory()
        self.path = Path(self._folder.name) / "keys"
        self.store = KeyStore(self.path)
        self.twin: dict[tuple[int, bytes], bytes] = {}
        self.erased: list[bytes] = []

    @rule(kind=st.sampled_from([CONVERSATION, STAFF]), id=st.sampled_from(IDS))
    def put(self, kind: int, id: bytes) -> None:
        """The first key stays."""
        key = os.urandom(32)
        expected = self.twin.setdefault((kind, id), key)
        assert self.store.put(kind, id, key) == expected

    @rule(kind=st.sampled_from([CONVERSATION, STAFF]), id=st.sampled_from(IDS))
    def erase(self, kind: int, id: bytes) -> None:
        """Gone means gone."""
        key = self.twin.pop((kind, id), None)
        assert self.store.erase(kind, id) == (key is not None)
        if key is not None:
            self.erased.append(key)

    @rule()
    def open_again(self) -> None:
        """What was answered is what the file holds."""
        self.store.close()
        self.store = KeyStore(self.path)

    @rule(cut=st.integers(0, 63))
    def lose_power(self, cut: int) -> None:
        """A slot that was being added is cut short or empty; nobody relied on it."""
        self.store.close()
        with self.path.open("ab") as file:
            file.write(bytes(cut))
        self.store = KeyStore(self.path)

    @invariant()
    def agrees_with_its_twin(self) -> None:
        """Every key, and no other."""
        for kind in (CONVERSATION, STAFF):
            for id in IDS:
                assert self.store.get(kind, id) == self.twin.get((kind, id))

    @invariant()
    def holds_no_erased_key(self) -> None:
        """Not even in a corner of the file."""
        data = self.path.read_bytes()
        assert not any(key in data for key in self.erased)

    def teardown(self) -> None:
        """Clean up."""
        self.store.close()
        self._folder.cleanup()


Play.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestKeyStore = Play.TestCase


def test_damage_stops_the_start_and_is_never_taken_for_erasure(tmp_path: Path) -> None:
    """Any flipped bit in a used slot is found."""
    path = tmp_path / "keys"
    store = KeyStore(path)
    for id in IDS:
        store.put(CONVERSATION, id, os.urandom(32))
    store.close()
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x40]) + whole[place + 1 :])
        with pytest.raises(CannotStart, match="damaged"):
            KeyStore(path)


def test_opening_a_store_does_not_cut_off_what_another_adds(tmp_path: Path) -> None:
    """Whoever only opens the file leaves its length alone."""
    path = tmp_path / "keys"
    store = KeyStore(path)
    store.put(CONVERSATION, IDS[0], os.urandom(32))
    real = os.ftruncate
    try:
        os.ftruncate = lambda fd, length: pytest.fail("the file was cut")  # type: ignore[assignment]
        KeyStore(path).close()
    finally:
        os.ftruncate = real
    store.close()


def test_slots_are_64_bytes_and_used_again(tmp_path: Path) -> None:
    """The file does not grow for a key that took an erased one's place."""
    path = tmp_path / "keys"
    store = KeyStore(path)
    for id in IDS:
        store.put(CONVERSATION, id, os.urandom(32))
    store.erase(CONVERSATION, IDS[2])
    store.put(STAFF, IDS[0], os.urandom(32))
    store.close()
    assert path.stat().st_size == 64 * len(IDS)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_copy_of_a_store_in_use_has_what_was_put_before_it(tmp_path: Path) -> None:
    """While keys come and go, and slots are used again: whoever stays is in every copy, and none is damaged."""
    path = tmp_path / "keys"
    store = KeyStore(path)
    stop, stays = threading.Event(), [os.urandom(16) for _ in range(50)]

    def come_and_go() -> None:
        for _ in range(20_000):
            if stop.is_set():
                return
            for kind, id in ((CONVERSATION, IDS[0]), (STAFF, IDS[1])):
                store.put(kind, id, os.urandom(32))
                store.erase(kind, id)

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        for n, id in enumerate(stays, 1):
            store.put(CONVERSATION, id, os.urandom(32))
            assert ids(copy(path), CONVERSATION) - {IDS[0]} == set(stays[:n])
            assert ids(copy(path), STAFF) <= {IDS[1]}
    finally:
        stop.set()
        thread.join()
    store.close()
    (tmp_path / "again").write_bytes(copy(path))
    again = KeyStore(tmp_path / "again")
    assert all(again.get(CONVERSATION, id) == store.get(CONVERSATION, id) is not None for id in stays)
    again.close()


def test_a_slot_that_is_being_written_is_read_again_and_damage_is_not_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a slot at the first look, whole at the next: it is in the copy. Half at every look: there is no copy."""
    path = tmp_path / "keys"
    store = KeyStore(path)
    for id in IDS[:2]:
        store.put(CONVERSATION, id, os.urandom(32))
    store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + bytes(28))
    with pytest.raises(CannotStart, match="slot 1"):
        copy(path)
    monkeypatch.setattr(time, "sleep", lambda seconds: path.write_bytes(whole))  # the writer's turn
    assert copy(path) == whole
    path.write_bytes(whole + bytes(64) + bytes(10))
    assert copy(path) == whole
