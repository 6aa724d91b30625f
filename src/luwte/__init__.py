"""Luwte: an anonymous help chat whose server cannot read along."""

__version__ = "0.1.0"
