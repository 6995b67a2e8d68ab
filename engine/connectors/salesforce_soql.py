"""SOQL, put together so that nothing a record holds can become part of the query.

Promise: texts are quoted by the rules of the SOQL reference ("Quoted String Escape Sequences");
names of fields and objects are checked against what a name may be, and nothing else is taken in.

Weakness: only what we ask for can be written: conditions are made here, never parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone

_NAME = re.compile(r'[A-Za-z][A-Za-z0-9_]{0,79}(?:\.[A-Za-z][A-Za-z0-9_]{0,79})?')
_ESCAPES = {
    '\\': '\\\\', "'": "\\'", '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t',
    '\b': '\\b', '\f': '\\f',
}  # fmt: skip
#: Characters of a query. The address and the headers of a call are refused above 16,384 bytes, and
#: percent-encoding may triple it.
LONGEST = 4_000


def quoted(text: str) -> str:
    """A string literal. A NUL, which no field can hold, is left out."""
    return "'" + ''.join(_ESCAPES.get(char, char) for char in text if char != '\0') + "'"


def moment(value: datetime) -> str:
    """A dateTime literal, to the second and in UTC; it is not quoted."""
    return value.astimezone(timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def name(text: str) -> str:
    """A field or object, perhaps one relation away.

    :raises ValueError: it is no name.
    """
    if not _NAME.fullmatch(text):
        raise ValueError(f'{text!r} is no name of a field or an object')
    return text


def select(
    fields: Iterable[str],
    from_object: str,
    where: str = '',
    *,
    order: Sequence[str] = (),
    limit: int | None = None,
) -> str:
    """A query. ``where`` is made of the literals above."""
    parts = [f'SELECT {",".join(map(name, dict.fromkeys(fields)))} FROM {name(from_object)}']
    parts += [f'WHERE {where}'] if where else []
    parts += [f'ORDER BY {",".join(map(name, order))}'] if order else []
    parts += [f'LIMIT {int(limit)}'] if limit else []
    return ' '.join(parts)


def any_of(field: str, values: Iterable[str], room: int = LONGEST) -> Iterator[tuple[str, list]]:
    """``field IN (…)`` in as many conditions as fit into ``room``, each with its values.

    A value that is too long for any query is left out: no field holds it either.
    """
    literals: list[str] = []
    some: list[str] = []
    length = 0
    for value in values:
        literal = quoted(value)
        cost = len(literal.encode()) + 1
        if cost > room:
            continue
        if some and length + cost > room:
            yield f'{name(field)} IN ({",".join(literals)})', some
            literals, some, length = [], [], 0
        literals.append(literal)
        some.append(value)
        length += cost
    if some:
        yield f'{name(field)} IN ({",".join(literals)})', some
