"""The schema's time-line: NNNN_*.sql, applied in order by `luwte.plumbing.migrate`."""
