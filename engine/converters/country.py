"""Countries: the ISO 3166-1 code in Odoo, a name or a code at the remote.

Options: ``countries`` (ISO code → English name; supplied by the Odoo side), ``write`` (``name``
unless given, or ``code``: what the remote is sent).

Canonical: the code in capitals. Promise: names are compared without regard to case, accents and
punctuation; a country that is not recognised is refused, not guessed. Weakness: names in other
languages than English are not recognised.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from .base import TEXT_TYPES, FieldSpec, OneField
from .text import one_line

#: What people write that is no name in Odoo's list; by ISO code.
_ALSO = {
    'BO': ('Bolivia, Plurinational State of',),
    'CD': ('DR Congo', 'Democratic Republic of the Congo'),
    'CI': ('Ivory Coast',),
    'CZ': ('Czechia',),
    'GB': ('UK', 'Great Britain', 'England', 'Scotland', 'Wales', 'Northern Ireland', 'Britain'),
    'IR': ('Iran, Islamic Republic of',),
    'KP': ('North Korea',),
    'KR': ('Korea', 'Republic of Korea', 'Korea, Republic of'),
    'LA': ('Lao', "Lao People's Democratic Republic"),
    'MD': ('Moldova, Republic of',),
    'MK': ('Macedonia',),
    'NL': ('Holland', 'The Netherlands'),
    'PS': ('Palestine',),
    'RU': ('Russia',),
    'SY': ('Syrian Arab Republic',),
    'TR': ('Turkey', 'Turkiye'),
    'TW': ('Taiwan, Province of China',),
    'US': ('USA', 'U.S.A.', 'U.S.', 'United States of America', 'America'),
    'VA': ('Vatican', 'Vatican City'),
    'VN': ('Viet Nam',),
}
_CODE = re.compile(r'[A-Z]{2}')


class Country(OneField):
    """A country, by ISO code or English name."""

    name = 'country'
    label = 'Country'
    odoo_types = frozenset(('char',))
    remote_types = TEXT_TYPES | {'enumeration'}

    def __init__(self, spec: FieldSpec):
        super().__init__(spec)
        self._names: dict[str, str] = dict(spec.params.get('countries') or {})
        self._codes = {
            _folded(name): code
            for code, names in _ALSO.items()
            for name in names
            if not self._names or code in self._names
        }
        self._codes |= {_folded(name): code for code, name in self._names.items()}

    def canonical(self, value: Any) -> str | None:
        text = one_line(value)
        if text is None:
            return None
        code = text.upper()
        if code in self._names or (not self._names and _CODE.fullmatch(code)):
            return code
        found = self._codes.get(_folded(text))
        if found is None:
            self.refuse(text, 'it is no country we know', 'Write its English name or ISO code.')
        return found

    def to_remote(
        self, canonical: Any, current: tuple[Any, ...] | None = None
    ) -> tuple[Any, ...]:
        if current and canonical is not None and self._means(current[0], canonical):
            return current
        return super().to_remote(canonical, current)

    def wire(self, canonical: str) -> str:
        if self.spec.params.get('write') == 'code':
            return canonical
        return self._names.get(canonical, canonical)

    def _means(self, wire: Any, canonical: str) -> bool:
        text = one_line(wire) or ''
        return text.upper() == canonical or self._codes.get(_folded(text)) == canonical

    @classmethod
    def problem(cls, spec: FieldSpec) -> str | None:
        if spec.params.get('write') in (None, 'name', 'code'):
            return None
        return f'"write" has to be "name" or "code", not {spec.params["write"]!r}.'


def _folded(name: str) -> str:
    """Letters and digits only, without accents, in lower case, without a leading "the"."""
    plain = unicodedata.normalize('NFKD', name).casefold()
    words = re.findall(r'[^\W_]+', ''.join(c for c in plain if not unicodedata.combining(c)))
    return ''.join(words[1:] if words[:1] == ['the'] and len(words) > 1 else words)
