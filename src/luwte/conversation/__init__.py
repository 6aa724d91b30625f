"""The thread between one visitor and the team: start, the log, resume, end. Envelopes are never opened here."""
