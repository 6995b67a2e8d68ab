"""Whole numbers, decimal numbers, yes and no.

An Odoo number is never empty: an empty remote value arrives as 0 and would go back as 0. So that
both sides come to rest, 0 and empty are one canonical value, ``None``; with the option
``keep_zero`` they are both 0. A boolean in Odoo is never empty either: empty means no.

Options: ``digits`` (decimals; else those of the Odoo field, else 2 for amounts), ``keep_zero``.

Promise: no binary noise: decimals are compared as text, rounded half up to the field's precision.
Weakness: without ``keep_zero``, a 0 written in Odoo empties the remote field.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from .base import FieldSpec, OneField
from .text import one_line

_NUMBER = re.compile(r'[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?')
#: Longest number taken, in characters, and its largest power of ten, either way.
_LONGEST, _LARGEST_EXPONENT = 64, 30
#: The digits that an Odoo float holds for certain: with them 0.1 + 0.2 is 0.3.
_AS_FLOAT = Context(prec=15, rounding=ROUND_HALF_UP)
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
#: Odoo's integer fields are PostgreSQL's int4.
_LOWEST, _HIGHEST = -(2**31), 2**31 - 1
_REMEDY = 'Write a plain number with a point for decimals, or use another converter.'


class _Number(OneField):
    remote_types = frozenset(('integer', 'float', 'string', 'text', 'enumeration', 'other'))

    def _decimal(self, value: Any) -> Decimal | None:
        if isinstance(value, float) and not math.isfinite(value):
            self.refuse(value, 'it is no number', _REMEDY)
        text = format(value, '.15g') if isinstance(value, float) else one_line(value)
        if text is None:
            return None
        if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
            self.refuse(value, 'it is no number', _REMEDY)
        number = _AS_FLOAT.create_decimal(text)
        if number and abs(number.adjusted()) > _LARGEST_EXPONENT:
            self.refuse(value, 'it is too large or too small', 'Correct the number.')
        return number

    def _zero(self, zero: Any) -> Any:
        return zero if self.spec.params.get('keep_zero') else None


class Integer(_Number):
    """A whole number that fits PostgreSQL's int4."""

    name = 'integer'
    label = 'Whole number'
    odoo_types = frozenset(('integer',))

    def canonical(self, value: Any) -> int | None:
        number = self._decimal(value)
        if not number:
            return self._zero(0)
        if not _LOWEST <= number <= _HIGHEST or number != int(number):
            self.refuse(
                value,
                'it is no whole number that Odoo can hold',
                f'Use numbers from {_LOWEST:,} to {_HIGHEST:,}, or another converter.',
            )
        return int(number)

    def wire(self, canonical: int) -> str:
        return str(canonical)

    def to_odoo(self, canonical: Any, spelling: Any = None) -> int:
        return canonical or 0


class DecimalNumber(_Number):
    """A number at the field's precision; canonical as text."""

    name = 'decimal'
    label = 'Decimal number'
    odoo_types = frozenset(('float', 'monetary'))

    def canonical(self, value: Any) -> str | None:
        number = self._decimal(value)
        if number is not None and self._digits is not None:
            number = number.quantize(Decimal(1).scaleb(-self._digits), context=_EXACT)
        if not number:
            return self._zero('0')
        # Never in exponents: HubSpot takes none.
        text = format(number, 'f')
        return text.rstrip('0').rstrip('.') if '.' in text else text

    def to_odoo(self, canonical: Any, spelling: Any = None) -> float:
        return float(canonical or 0)

    @property
    def _digits(self) -> int | None:
        given = self.spec.params.get('digits')
        if given is not None:
            return given
        return 2 if self.spec.odoo_type == 'monetary' else self.spec.digits

    @classmethod
    def problem(cls, spec: FieldSpec) -> str | None:
        digits = spec.params.get('digits')
        if digits is None or (type(digits) is int and 0 <= digits <= 12):
            return None
        return f'"digits" has to be a whole number from 0 to 12, not {digits!r}.'


class Boolean(OneField):
    """Yes or no; empty means no."""

    name = 'boolean'
    label = 'Yes or no'
    odoo_types = frozenset(('boolean',))
    remote_types = frozenset(('boolean', 'enumeration', 'string', 'integer', 'other'))

    _WORDS = {
        **dict.fromkeys(('true', 'yes', 'y', 't', 'on', '1'), True),
        **dict.fromkeys(('false', 'no', 'n', 'f', 'off', '0', ''), False),
    }

    def canonical(self, value: Any) -> bool:
        word = (one_line(value) or '').lower()
        if word not in self._WORDS:
            self.refuse(value, 'it is neither yes nor no', 'Use true or false.')
        return self._WORDS[word]

    def wire(self, canonical: bool) -> str:
        return 'true' if canonical else 'false'

    def to_remote(
        self, canonical: Any, current: tuple[Any, ...] | None = None
    ) -> tuple[str, ...]:
        return (self.wire(canonical),)

    def to_odoo(self, canonical: Any, spelling: Any = None) -> bool:
        return bool(canonical)
