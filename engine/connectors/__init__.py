"""The connectors that come with the add-on. Importing this package registers them."""

from . import hubspot

__all__ = ('hubspot',)
