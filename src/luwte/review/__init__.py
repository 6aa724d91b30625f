"""Looking through who did what: a lead's and a reviewer's pages of the audit log. Each look is itself on record."""
