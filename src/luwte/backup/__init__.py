"""A copy of everything, elsewhere, and the way back."""
