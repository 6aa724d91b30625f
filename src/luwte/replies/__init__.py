"""Canned replies: kept for an account or a team, sealed in browsers, never read here."""
