"""A watcher: does a site serve the files of its release, and the same ones to everybody?

Runs on somebody else's machine. What it believes comes from a build or a manifest that it was given, not from the site.
"""
