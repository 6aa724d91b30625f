"""Measuring the server against a bare relay and the raw disk, in one run: `python -m bench`.

Other programs share the machine, so a figure alone says little: read the ratios. See docs/performance.md.
"""
