"""Remote keys of other records: associated records, owners, pipeline stages.

The canonical value is the remote's own key as text. Which Odoo record it stands for is found by
the Odoo side, which knows links and users; here a key is only brought into one form.

Promise: an id is the same as a number and as text. Options: those of the Odoo side (``map``,
``lost`` of a stage). Weakness: none of its own; a wrong id is a valid key.
"""

from __future__ import annotations

from typing import Any

from .base import OneField
from .text import one_line


class _Key(OneField):
    odoo_types = frozenset(('many2one',))

    def canonical(self, value: Any) -> str | None:
        if isinstance(value, bool) and value:
            self.refuse(value, 'it is no key of a record', 'Map another field.')
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return one_line(value)


class Link(_Key):
    """The first associated record, of one remote object or of several."""

    name = 'link'
    label = 'Linked record'
    remote_types = frozenset(('association', 'reference', 'string', 'other'))
    fields = (1, 5)

    def from_remote(self, values: tuple[Any, ...]) -> str | None:
        return next(filter(None, map(self.canonical, values)), None)

    def to_remote(
        self, canonical: Any, current: tuple[Any, ...] | None = None
    ) -> tuple[Any, ...]:
        """The key for the first remote field, the others empty."""
        return (canonical, *[None] * (len(self.spec.remote_fields) - 1))


class Owner(_Key):
    """Who is responsible; the Odoo side finds the user by e-mail address."""

    name = 'owner'
    label = 'Owner, by e-mail address'
    remote_types = frozenset(('enumeration', 'reference', 'string', 'other'))


class Stage(_Key):
    """A pipeline stage; the Odoo side keeps which stage of Odoo it is."""

    name = 'stage'
    label = 'Stage of the pipeline'
    remote_types = frozenset(('enumeration', 'string', 'other'))
