"""Looking through who did what: a lead's page of the audit log. Each look is itself on record."""
