"""E-mail addresses, telephone numbers, web addresses, names of persons.

Canonical forms: e-mail in lower case; telephone ``+`` and digits (``;ext=`` for an extension); web
address without ``http(s)://`` and with its host in lower case (Odoo adds the scheme by itself, so
it cannot count); domain the bare host; a person's name as one text.

Options: ``country_prefix`` of ``phone`` (``+32``: what a national number begins with when dialled
from abroad); ``single`` of ``full_name`` (``first`` unless given, or ``last``: which of the two a
name of one word is, for remotes that demand a last name).

Promise: what is not an address or a number at all (``n/a``) is kept as text rather than refused, so
that it does not hold up the record; only an e-mail address that the remote would refuse is refused,
on its way out. Weakness: national telephone numbers stay national without ``country_prefix``; a
name is split into first and last by rule of thumb where the remote's own split is not known.
"""

from __future__ import annotations

import re
from typing import Any

from .base import TEXT_TYPES, Converter, FieldSpec, OneField
from .text import one_line

_BRACKETED = re.compile(r'.*<\s*([^<>\s]+@[^<>\s]+)\s*>')
#: "Lightly": one @, no blanks, a domain with a dot and no empty part (RFC 5321 allows more).
_PART = r'[^\s@<>,;:"()\[\]\\.]+'
_EMAIL = re.compile(rf'(?=[^@]{{1,64}}@){_PART}(?:\.{_PART})*@{_PART}(?:\.{_PART})+')


class Email(OneField):
    """One e-mail address; of ``Ada <ada@example.com>`` the address."""

    name = 'email'
    label = 'E-mail address'
    odoo_types = frozenset(('char', 'text'))
    remote_types = TEXT_TYPES

    def canonical(self, value: Any) -> str | None:
        text = one_line(value)
        if text is None:
            return None
        bracketed = _BRACKETED.fullmatch(text)
        # HubSpot keeps addresses in lower case; another case here would come back as a change.
        return one_line((bracketed[1] if bracketed else text).lower())

    def wire(self, canonical: str) -> str:
        if not _EMAIL.fullmatch(canonical):
            self.refuse(
                canonical, 'it is no e-mail address', 'Write one address, like name@example.com.'
            )
        return canonical


_EXTENSION = re.compile(r'^(?P<number>.*?\d.*?)[\s,;]*(?:\bext(?:ension)?\b\.?|;ext=|#|x)[\s:.]*'
                        r'(?P<digits>\d{1,8})$', re.IGNORECASE)  # fmt: skip
_TRUNK = re.compile(r'\(0\)')
_FORMATTING = re.compile(r'[\s()./\-‐‑‒–—·]')
_PLAIN = re.compile(r'\+?[0-9]{3,20}')


class Phone(OneField):
    """A telephone number, compared by its digits."""

    name = 'phone'
    label = 'Telephone number'
    odoo_types = frozenset(('char',))
    remote_types = TEXT_TYPES | {'integer'}

    def canonical(self, value: Any) -> str | None:
        text = one_line(value)
        if text is None:
            return None
        extension = _EXTENSION.match(text)
        number = self._international(extension['number'] if extension else text)
        if number is None:
            return text
        return f'{number};ext={extension["digits"]}' if extension else number

    def to_remote(
        self, canonical: Any, current: tuple[Any, ...] | None = None
    ) -> tuple[Any, ...]:
        if current and canonical is not None and self.canonical(current[0]) == canonical:
            return current
        return super().to_remote(canonical, current)

    def wire(self, canonical: str) -> str:
        return canonical.replace(';ext=', ' ext. ')

    def to_odoo(self, canonical: Any, spelling: Any = None) -> Any:
        if canonical is not None and self.canonical(spelling) == canonical:
            return one_line(spelling)
        return super().to_odoo(canonical)

    def odoo(self, canonical: str) -> str:
        return self.wire(canonical)

    def _international(self, text: str) -> str | None:
        prefix = self.spec.params.get('country_prefix')
        abroad = text.lstrip('( ').startswith(('+', '00'))
        number = _FORMATTING.sub('', _TRUNK.sub('', text) if abroad else text)
        if number.startswith('00'):
            number = f'+{number[2:]}'
        elif prefix and number.startswith('0'):
            number = prefix + number[1:]
        return number if _PLAIN.fullmatch(number) else None

    @classmethod
    def problem(cls, spec: FieldSpec) -> str | None:
        prefix = spec.params.get('country_prefix')
        if prefix is None or re.fullmatch(r'\+[1-9][0-9]{0,3}', str(prefix)):
            return None
        return f'"country_prefix" has to be a plus sign and digits, like +32, not {prefix!r}.'


_SCHEME = re.compile(r'(?:https?:/*\s*)+', re.IGNORECASE)
#: Schemes of what a browser runs instead of visiting it.
_CODE = re.compile(r'(?:javascript|vbscript|data)\s*:', re.IGNORECASE)
_HOST = re.compile(r'[^\s/?#@:]+\.[^\s/?#@:.]+\.?(?::[0-9]{1,5})?')


class Url(OneField):
    """A web address, compared without its scheme."""

    name = 'url'
    label = 'Web address'
    odoo_types = frozenset(('char',))
    remote_types = TEXT_TYPES

    def canonical(self, value: Any) -> str | None:
        text = one_line(value)
        if text is None:
            return None
        rest = _SCHEME.sub('', text, count=1) if _SCHEME.match(text) else text
        end = min((at for at in map(rest.find, '/?#') if at >= 0), default=len(rest))
        host, path = rest[:end], rest[end:]
        if _CODE.match(rest):
            self.refuse(text, 'it is code and no web address', 'Write one like https://a.example.')
        if not _HOST.fullmatch(host):
            return one_line(rest)
        return one_line(host.lower() + ('' if path == '/' else path))

    def wire(self, canonical: str) -> str:
        return f'https://{canonical}' if self._has_host(canonical) else canonical

    def odoo(self, canonical: str) -> str:
        return self.wire(canonical)

    @staticmethod
    def _has_host(canonical: str) -> bool:
        return bool(_HOST.match(canonical)) and ' ' not in canonical


class Domain(Url):
    """The host of a web address, without ``www.``."""

    name = 'domain'
    label = 'Internet domain'

    def canonical(self, value: Any) -> str | None:
        address = super().canonical(value)
        if address is None or not self._has_host(address):
            return address
        host = re.split(r'[/?#:]', address, maxsplit=1)[0].rstrip('.')
        return re.sub(r'^(?:www\.)+(?=[^.]+\.)', '', host)

    def wire(self, canonical: str) -> str:
        return canonical

    def odoo(self, canonical: str) -> str:
        """As an address where the Odoo field is one; Odoo itself would add the scheme there."""
        is_address = self.spec.odoo_field.rpartition('.')[2] == 'website'
        return Url.wire(self, canonical) if is_address else canonical


#: Words that belong to the family name they stand before.
_PARTICLES = frozenset((
    'van', 'von', 'de', 'der', 'den', 'da', 'di', 'del', 'della', 'dos', 'das', 'du', 'la', 'le',
    'lo', 'ter', 'ten', 'te', 'bin', 'ibn', 'al', 'el', 'zu',
))  # fmt: skip


class FullName(Converter):
    """First and last name at the remote, one name in Odoo."""

    name = 'full_name'
    label = 'Name, from first and last name'
    odoo_types = frozenset(('char',))
    remote_types = TEXT_TYPES
    fields = (2, 2)

    def from_remote(self, values: tuple[Any, ...]) -> str | None:
        return one_line(' '.join(filter(None, map(one_line, values))))

    def to_remote(
        self, canonical: Any, current: tuple[Any, ...] | None = None
    ) -> tuple[Any, ...]:
        if canonical is None:
            return (None, None)
        if current and self.from_remote(current) == canonical:
            return current
        first, last = map(one_line, current or (None, None))
        if first and canonical.startswith(f'{first} '):
            return (first, canonical[len(first) + 1 :])
        if last and canonical.endswith(f' {last}'):
            return (canonical[: -len(last) - 1], last)
        first, last = _split(canonical)
        if last is None and self.spec.params.get('single') == 'last':
            return (None, first)
        return (first, last)

    @classmethod
    def problem(cls, spec: FieldSpec) -> str | None:
        if spec.params.get('single') in (None, 'first', 'last'):
            return None
        return f'"single" has to be "first" or "last", not {spec.params["single"]!r}.'

    def from_odoo(self, value: Any) -> str | None:
        return one_line(value)

    def to_odoo(self, canonical: Any, spelling: Any = None) -> Any:
        return False if canonical is None else canonical


def _split(name: str) -> tuple[str, str | None]:
    words = name.split(' ')
    at = max(len(words) - 1, 1)
    while at > 1 and words[at - 1].lower() in _PARTICLES:
        at -= 1
    return ' '.join(words[:at]), ' '.join(words[at:]) or None
