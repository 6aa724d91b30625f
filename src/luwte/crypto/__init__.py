"""Keys, envelopes, wraps and certificates, byte for byte as docs/protocol.md says; the twin of web/src/crypto."""
