"""The connectors that come with the add-on. Importing this package registers them."""

from . import hubspot, salesforce

__all__ = ('hubspot', 'salesforce')
