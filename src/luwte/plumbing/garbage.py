"""How often Python looks for rings of objects that nobody holds any more."""

import gc

NEW_OBJECTS = 20_000
"""Objects made before a look at the newest. The usual 700 are a few messages, and with thousands of connections in
memory such looks were a fifth of all processor time (`make bench`)."""


def look_less_often() -> None:
    """Pass over what was made at start and stays, and look at the rest less often. Call once, before serving."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 100)
