"""The return phrase of a conversation, one deed each: keep, end, look up, come back by it.

The server never has the phrase: it has the hash of a locator and a box that it cannot open, locked once more under the
conversation's own key, so that both go when that key does.
"""

import hmac
import os

from luwte.conversation import phrase_store, store
from luwte.conversation.actions import find, resume
from luwte.conversation.model import Conversation, ShredKey
from luwte.crypto.phrase import BOX_BYTES
from luwte.crypto.primitives import hkdf_salted
from luwte.errors import NoSuchConversation, NotAccepted
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.plumbing.lock import Damaged, lock, unlock

_ROW = b"box"
_NOBODY = bytes(16)
_NO_KEY = os.urandom(32)
_NOTHING = lock(os.urandom(32), b"phrase", _NOBODY, _ROW, bytes(BOX_BYTES))
"""A row that no key opens: looking up what is not there is as much work as looking up what is."""


def page_topic(conversation: bytes) -> tuple[str, bytes]:
    """Told which page life goes on with a conversation: the others are over."""
    return ("page", conversation)


def lock_box(id: bytes, box: bytes, shred_key: bytes) -> bytes:
    """Lock a box before the database sees it."""
    return lock(shred_key, b"phrase", id, _ROW, box)


def keep(tx: WriteTx, id: bytes, locator_hash: bytes, locked: bytes) -> None:
    """The conversation's only phrase from here on. Raises `NotAccepted` for the locator of another conversation."""
    if not phrase_store.put(tx, find(tx, id).key, locator_hash, locked):
        raise NotAccepted


def end(tx: WriteTx, id: bytes) -> None:
    """The phrase works no more. Again: nothing more happens."""
    phrase_store.remove(tx, find(tx, id).key)


def locator_hash(tx: ReadTx, conversation: Conversation) -> bytes:
    """Where the phrase of a conversation is found; nothing: it has none."""
    return phrase_store.locator_hash(tx, conversation.key) or b""


def look_up(tx: ReadTx, locator_hash: bytes, team: str) -> tuple[bytes, bytes] | None:
    """What is kept under a locator; `answer` makes of it what may be told."""
    return phrase_store.find(tx, locator_hash, team)


def answer(found: tuple[bytes, bytes] | None, locator_hash: bytes, shred_key: ShredKey, secret: bytes) -> bytes:
    """The box; for a locator that nobody has, one that no phrase opens: as long, and the same each time one asks."""
    decoy = hkdf_salted(secret, locator_hash, b"luwte/v1/phrase/decoy", BOX_BYTES)
    id, locked = found or (_NOBODY, _NOTHING)
    try:
        return unlock(shred_key(id) or _NO_KEY, b"phrase", id, _ROW, locked)
    except Damaged:
        return decoy


def come_back(tx: WriteTx, id: bytes, credential: bytes, locator_hash: bytes, page: bytes) -> None:
    """Whoever has the phrase goes on from this page life. Absent, not theirs and made invalid look the same."""
    conversation = resume(tx, id, credential)
    kept = phrase_store.locator_hash(tx, conversation.key) or bytes(32)
    if not hmac.compare_digest(kept, locator_hash):
        raise NoSuchConversation
    if conversation.page != page:
        store.turn_page(tx, conversation.key, page)
        tx.tell(page_topic(id), page)
