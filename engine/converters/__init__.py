"""Converters, a family a file; :mod:`engine.convert` is the way in."""
