"""Where a request comes from when a proxy stands between: what a proxy says that the settings name, and nobody else.

One header with one address. What else claims to know it (X-Forwarded-For, Forwarded, True-Client-IP and their kin) can
be written by anybody, and is not read.
"""

import ipaddress
from collections.abc import Sequence

HEADER = b"x-real-ip"
"""Set by our own proxy, in the place of whatever came."""

UNIX = "unix"
"""Whoever may connect to our Unix socket."""


class Proxies:
    """Whose word counts."""

    def __init__(self, trusted: Sequence[str]) -> None:
        """*trusted* are addresses and networks, and "unix"."""
        self._unix = UNIX in trusted
        self._networks = [ipaddress.ip_network(one) for one in trusted if one != UNIX]

    def source(self, peer: str | None, told: str) -> str | None:
        """Where a request comes from, over a connection from *peer* (None: our Unix socket) that has *told* so.

        For `limits.network` only, which takes an address that is none for a neighbour on this machine.
        """
        return (told or None) if self._trusts(peer) else peer

    def _trusts(self, peer: str | None) -> bool:
        if peer is None:
            return self._unix
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._networks)
