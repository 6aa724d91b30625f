"""How often something may be asked, in memory only, keyed by a secret that is replaced hourly.

No address is kept: a source is its network (/24 or /56) under HMAC with the hour's seed; both go with the hour. So does
what was spent, which somebody who waits for the hour has twice; where that counts, and who is asked about is an account
and no address, `Limits` that forget nothing are taken.
"""

import hashlib
import hmac
import ipaddress
import os

from luwte.plumbing.clock import Clock

HOUR = 3600.0


class Limits:
    """Token buckets that nobody can turn back into an address."""

    def __init__(self, clock: Clock, *, forgets: bool = True) -> None:
        self._clock, self._forgets = clock, forgets
        self._renew(clock())

    def spend(self, deed: str, who: str, *, burst: int, per_minute: float) -> bool:
        """Whether *who* may do *deed* once more: *burst* at once, and *per_minute* after that."""
        key, left, now = self._bucket(deed, who, burst, per_minute)
        self._buckets[key] = (left - 1 if left >= 1 else left, now)
        return left >= 1

    def give_back(self, deed: str, who: str) -> None:
        """The last time that *who* was allowed *deed* does not count."""
        key = self._key(deed, who)
        if key in self._buckets:
            left, at = self._buckets[key]
            self._buckets[key] = (left + 1, at)  # the burst bounds it when it is looked at next

    def _bucket(self, deed: str, who: str, burst: int, per_minute: float) -> tuple[bytes, float, float]:
        now = self._clock()
        if self._forgets and now - self._since >= HOUR:
            self._renew(now)
        key = self._key(deed, who)
        left, at = self._buckets.get(key, (float(burst), now))
        return key, min(float(burst), left + max(0.0, now - at) * per_minute / 60), now

    def _key(self, deed: str, who: str) -> bytes:
        return hmac.digest(self._seed, f"{deed}\0{who}".encode(), hashlib.sha256)

    def _renew(self, now: float) -> None:
        self._seed = os.urandom(32)
        self._since = now
        self._buckets: dict[bytes, tuple[float, float]] = {}


CIRCUITS = ipaddress.IPv6Network("fc00:dead:beef:4dad::/64")
"""Where Tor numbers the circuits of an onion service, with HiddenServiceExportCircuitID in torrc (its manual): each
address there is one visitor's way through Tor, and no address of anybody."""


def network(address: str | None) -> str:
    """The network that *address* lies in, as text for `Limits.spend`; a local socket is one network."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "local"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed in CIRCUITS:
            return str(parsed)
        parsed = parsed.ipv4_mapped or parsed
    prefix = 24 if parsed.version == 4 else 56
    return str(ipaddress.ip_network((parsed, prefix), strict=False))


class Pace:
    """A token bucket that answers how long to wait, instead of refusing."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst, self._left, self._at = rate, burst, burst, now

    def delay(self, now: float) -> float:
        """Seconds until the next message may be handled; 0.0 while the bucket lasts."""
        self._fill(now)
        self._left -= 1
        return 0.0 if self._left >= 0 else -self._left / self._rate

    def spend(self, now: float) -> bool:
        """Whether the next message may be handled now; one that may not is left for `delay`."""
        # As `_fill`, without its calls: this is asked for each message.
        left, passed = self._left, now - self._at
        if left < self._burst and passed > 0:
            left += passed * self._rate
            if left > self._burst:
                left = self._burst
        self._at = now
        if left < 1:
            self._left = left
            return False
        self._left = left - 1
        return True

    def give_back(self) -> None:
        """What `spend` allowed was not done."""
        self._left += 1

    def _fill(self, now: float) -> None:
        self._left = min(self._burst, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
