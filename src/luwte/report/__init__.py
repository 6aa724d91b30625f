"""What people look at: figures with their words, pages, drawings. Nothing is computed here."""
