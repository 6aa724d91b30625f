"""Who works here: teams, accounts, certificates, sign-in, sessions. No private key is ever readable here."""
