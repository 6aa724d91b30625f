"""Figures that may leave the house. Nothing of the server is imported here: a statistician needs only a CSV."""
