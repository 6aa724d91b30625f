"""Which desks are connected and what each session was shown: in memory, gone with the process."""


class Desks:
    """The desks of one process."""

    def __init__(self) -> None:
        self._connected: dict[str, set[int]] = {}
        self._shown: dict[bytes, set[tuple[str, bytes]]] = {}

    def opened(self, account: str, connection: int) -> None:
        """A desk of this account is there."""
        self._connected.setdefault(account, set()).add(connection)

    def closed(self, account: str, connection: int) -> None:
        """It is gone."""
        self._connected.get(account, set()).discard(connection)

    def is_connected(self, account: str) -> bool:
        """Whether the account has another desk open."""
        return bool(self._connected.get(account))

    def shown(self, session: bytes) -> set[tuple[str, bytes]]:
        """What is on record already for this session: one record per session, deed and conversation."""
        return self._shown.setdefault(session, set())

    def forget(self, session: bytes) -> None:
        """The session ended."""
        self._shown.pop(session, None)
