"""What a converter is, what it is told, and how it refuses a value.

A *wire* value is what the remote sends and takes; an *Odoo* value what ``record[field]`` gives and
``write()`` takes; the *canonical* value lies between them: JSON-able, equal by ``==`` exactly where
both sides mean the same, ``None`` for empty.

Laws, tested for every converter and every canonical value ``x``:

* ``from_odoo(to_odoo(x)) == x`` and ``from_remote(to_remote(x)) == x``,
* so canonicalising twice is canonicalising once, and a value that travelled once is at rest.

Weakness: where a side cannot tell two values apart (an Odoo number has no "empty"), the canonical
form cannot either.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn

from ..errors import DataError

#: Remote types whose values are one line of text.
TEXT_TYPES = frozenset(('string', 'text', 'phone', 'email', 'other'))
#: Longest part of a refused value shown to people.
SHOWN = 60


@dataclass(frozen=True)
class FieldSpec:
    """A line of the mapping as the converters know it.

    :param key: what the line is called in snapshots; the Odoo path.
    :param odoo_type: Odoo's field type at the end of the path: ``char``, ``many2one`` …
    :param remote_fields: names of the remote fields, several only for some converters.
    :param remote_type: a type of :class:`~..contracts.RemoteField`; of the first field.
    :param params: options of the converter, see each; plus ``options``, the remote's enumeration as
        ``[{'value', 'label'}, …]``, and ``countries`` (ISO code → English name).
    :param digits: decimals of an Odoo float field, ``None`` where it has none set.
    :param default: the value to use at creation where the other side has none; an Odoo value.
    :param converter: the name of a converter, or ``auto``.
    """

    key: str
    odoo_field: str
    odoo_type: str
    remote_fields: tuple[str, ...]
    remote_type: str = 'string'
    params: Mapping[str, Any] = field(default_factory=dict)
    digits: int | None = None
    default: Any = None
    converter: str = 'auto'

    @property
    def remote_name(self) -> str:
        """The remote fields as the mapping writes them: ``firstname+lastname``."""
        return '+'.join(self.remote_fields)


class Converter(abc.ABC):
    """Between wire, canonical and Odoo values of one line.

    ``label`` is for people. ``odoo_types`` and ``remote_types`` are the field types it fits;
    ``fields`` the least and the most remote fields it takes.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    odoo_types: ClassVar[frozenset[str]]
    remote_types: ClassVar[frozenset[str]] = TEXT_TYPES
    fields: ClassVar[tuple[int, int]] = (1, 1)

    def __init__(self, spec: FieldSpec):
        self.spec = spec

    def __repr__(self) -> str:
        return f'<converter {self.name} of {self.spec.key}>'

    @abc.abstractmethod
    def from_remote(self, values: tuple[Any, ...]) -> Any:
        """The canonical value of wire values, one for each remote field.

        :raises DataError: they have no canonical value; the message names field, value, remedy.
        """

    @abc.abstractmethod
    def to_remote(
        self, canonical: Any, current: tuple[Any, ...] | None = None
    ) -> tuple[Any, ...]:
        """The wire values to write, one for each remote field; ``None`` empties a field.

        :param current: what the remote has now, where known: kept where it means the same, and a
            help where the canonical value can be spelled in several ways.
        :raises DataError: the remote would refuse the value.
        """

    @abc.abstractmethod
    def from_odoo(self, value: Any) -> Any:
        """The canonical value of ``record[field]`` (``False`` for empty).

        :raises DataError: it has none.
        """

    @abc.abstractmethod
    def to_odoo(self, canonical: Any, spelling: Any = None) -> Any:
        """The value to write in Odoo; ``False`` for empty.

        :param spelling: the remote's own spelling of it, used where it means the same and reads
            better (a telephone number with its blanks).
        """

    @classmethod
    def problem(cls, spec: FieldSpec) -> str | None:
        """Why the parameters do not fit, as a sentence; ``None`` where they do."""
        return None

    def refuse(self, value: Any, why: str, remedy: str) -> NoReturn:
        """Raise the error for a value that cannot be converted.

        :param why: goes on after "… of the field X: ".
        :param remedy: a sentence that says what to do.
        :raises DataError: always.
        """
        shown = shortened(value)
        raise DataError(
            f'{self.spec.remote_name} ({self.name}): {why}: {shown!r}',
            user_message=f'"{shown}" in the field {self.spec.key} / {self.spec.remote_name}: '
            f'{why}. {remedy}',
            field=self.spec.remote_name,
            code=f'BAD_{self.name.upper()}',
        )


class OneField(Converter):
    """A converter of a single remote field whose canonical value is found the same way on both
    sides, by :meth:`canonical`."""

    @abc.abstractmethod
    def canonical(self, value: Any) -> Any:
        """The canonical value of a wire or Odoo value; ``None``, ``False`` and blank are empty."""

    def wire(self, canonical: Any) -> Any:
        """The wire value of a canonical value that is not empty."""
        return canonical

    def odoo(self, canonical: Any) -> Any:
        """The Odoo value of a canonical value that is not empty."""
        return canonical

    def from_remote(self, values: tuple[Any, ...]) -> Any:
        return self.canonical(values[0])

    def to_remote(
        self, canonical: Any, current: tuple[Any, ...] | None = None
    ) -> tuple[Any, ...]:
        return (None if canonical is None else self.wire(canonical),)

    def from_odoo(self, value: Any) -> Any:
        return self.canonical(value)

    def to_odoo(self, canonical: Any, spelling: Any = None) -> Any:
        return False if canonical is None else self.odoo(canonical)


def shortened(value: Any) -> str:
    """A value on one line, for a message."""
    line = ' '.join(str(value).split())
    return line if len(line) <= SHOWN else f'{line[: SHOWN - 1]}…'
