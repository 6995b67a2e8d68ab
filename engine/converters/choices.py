"""Selections, enumeration options, and several options at once.

Options: ``map`` of ``selection`` (remote value or label → key of the Odoo selection; several may
share a key, the first is written back); ``options`` of ``option`` and ``multi`` (the remote's
enumeration).

Canonical: the Odoo key of a ``selection``; the remote value of an ``option``; of ``multi`` the
sorted list of remote values.

Promise: values and labels are found without regard to case; a value that neither side's list knows
is not invented. Weakness: labels are found in the language the remote was asked in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from .base import FieldSpec, OneField, shortened
from .text import one_line


class Selection(OneField):
    """A choice of the remote against one of Odoo, by the map in the mapping line."""

    name = 'selection'
    label = 'Choice'
    odoo_types = frozenset(('selection', 'char'))
    remote_types = frozenset(('enumeration', 'string', 'boolean', 'integer', 'other'))

    def __init__(self, spec: FieldSpec):
        super().__init__(spec)
        self._map = {str(remote): key for remote, key in (spec.params.get('map') or {}).items()}
        self._folded = {remote.casefold(): key for remote, key in self._map.items()}
        for value, label in _pairs(spec):
            known = self._folded.get(value.casefold(), self._folded.get(label.casefold()))
            if known is not None:
                self._folded.setdefault(value.casefold(), known)
                self._folded.setdefault(label.casefold(), known)

    def canonical(self, value: Any) -> str | None:
        return one_line(value)

    def from_remote(self, values: tuple[Any, ...]) -> str | None:
        text = one_line(values[0])
        if text is None:
            return None
        if text.casefold() not in self._folded:
            self.refuse(
                text,
                'the mapping knows no such choice',
                f'Add it to the choices of the mapping line (it knows {_listed(self._map)}), '
                'or correct the value.',
            )
        return self._folded[text.casefold()]

    def to_remote(
        self, canonical: Any, current: tuple[Any, ...] | None = None
    ) -> tuple[Any, ...]:
        if canonical is None:
            return (None,)
        now = one_line(current[0]) if current else None
        if now is not None and self._folded.get(now.casefold()) == canonical:
            return current
        remote = next((remote for remote, key in self._map.items() if key == canonical), None)
        if remote is None:
            self.refuse(
                canonical,
                'the mapping has no counterpart for this choice',
                'Add it to the choices of the mapping line.',
            )
        return (self._value_of(remote),)

    def _value_of(self, remote: str) -> str:
        """The remote takes values, not labels; the mapping may name either."""
        pairs = _pairs(self.spec)
        values = [value for value, _ in pairs if value.casefold() == remote.casefold()]
        values += [value for value, label in pairs if label.casefold() == remote.casefold()]
        return values[0] if values else remote

    @classmethod
    def problem(cls, spec: FieldSpec) -> str | None:
        choices = spec.params.get('map')
        if not isinstance(choices, dict) or not choices:
            return 'say under "map" which choice of the remote is which choice in Odoo.'
        if not all(isinstance(key, str) and key for key in choices.values()):
            return 'every choice under "map" needs a choice in Odoo.'
        return None


class Option(OneField):
    """Odoo shows the label, the remote keeps the value."""

    name = 'option'
    label = 'Option, by its label'
    odoo_types = frozenset(('char', 'text'))
    remote_types = frozenset(('enumeration', 'boolean', 'string', 'other'))

    def __init__(self, spec: FieldSpec):
        super().__init__(spec)
        pairs = _pairs(spec)
        self._values = {value for value, _ in pairs}
        folded = Counter(
            word.casefold() for pair in pairs for word in {item.casefold() for item in pair}
        )
        # A label that could mean two options is shown as the value, which cannot.
        self._labels = {
            value: label for value, label in pairs if folded[label.casefold()] == 1
        }
        self._by_word = {label.casefold(): value for value, label in self._labels.items()}
        counted = Counter(value.casefold() for value in self._values)
        self._by_word |= {
            value.casefold(): value for value in self._values if counted[value.casefold()] == 1
        }

    def canonical(self, value: Any) -> str | None:
        text = one_line(value)
        if text is None or text in self._values:
            return text
        return self._by_word.get(text.casefold(), text)

    def wire(self, canonical: str) -> str:
        if self._values and canonical not in self._values:
            self.refuse(
                canonical,
                'the remote has no such option',
                f'Use one of {_listed(sorted(self._labels.values()))}, or add the option there '
                'and refresh the fields of the connection.',
            )
        return canonical

    def odoo(self, canonical: str) -> str:
        return self._labels.get(canonical, canonical)


class MultiOption(Option):
    """Several options in one Odoo text, separated by semicolons."""

    name = 'multi'
    label = 'Several options'
    remote_types = frozenset(('multi_enumeration', 'enumeration', 'string', 'other'))

    def canonical(self, value: Any) -> list[str] | None:
        texts = value if isinstance(value, (list, tuple)) else (one_line(value) or '').split(';')
        found = {super(MultiOption, self).canonical(text) for text in texts}
        return sorted(found - {None}) or None

    def wire(self, canonical: list[str]) -> str:
        return ';'.join(super(MultiOption, self).wire(value) for value in canonical)

    def odoo(self, canonical: list[str]) -> str:
        return '; '.join(super(MultiOption, self).odoo(value) for value in canonical)


def _pairs(spec: FieldSpec) -> list[tuple[str, str]]:
    """The remote's options as value and label, both on one line and neither empty."""
    pairs = []
    for option in spec.params.get('options') or ():
        value = one_line(option.get('value'))
        if value is not None:
            pairs.append((value, one_line(option.get('label')) or value))
    return pairs


def _listed(words: Iterable[str], most: int = 8) -> str:
    known = list(words)
    more = f' and {len(known) - most} more' if len(known) > most else ''
    return ', '.join(f'"{shortened(word)}"' for word in known[:most]) + more
