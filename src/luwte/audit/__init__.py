"""Who did what, when and why, in an append-only log that holds no content."""
