"""Database, relay, key store, clock, limits, sockets, pages: no word of the field in here."""
