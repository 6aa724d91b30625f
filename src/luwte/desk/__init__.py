"""The counsellor's workspace: who waits, who takes, who has what, signing out."""
