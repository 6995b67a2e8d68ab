"""JSON from a stranger: read strictly, or refused with one sentence.

Promise: :func:`loads` answers plain values that ``json.dumps`` writes out again in ASCII, or raises
:class:`~.errors.ContractError`; no input makes it raise anything else, and none makes it run long.
Refused are: bytes that are no UTF-8, numbers that are no JSON or do not fit a float, whole numbers
of more than 30 digits, a key twice in one object, more than 40 levels.

A text may hold what JSON can spell and PostgreSQL, UTF-8 and ``jsonb`` cannot hold: NUL characters
and lone surrogates. A sender passes on what somebody typed into some field; refusing the delivery
for it would lose everybody else's. :func:`is_plain`, :func:`has_plain_keys` and :func:`plain` tell
and mend such texts.

Weakness: it reads the whole text before it looks at the depth; the caller bounds the size.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from .errors import ContractError

MAX_DEPTH = 40
MAX_DIGITS = 30
_STRANGE = re.compile('[\0\ud800-\udfff]')


class Refused(ValueError):
    """The text is JSON, or nearly, but not of a kind that we keep."""


def loads(body: bytes, *, max_bytes: int) -> Any:
    """The value that ``body`` spells.

    :raises ContractError: with ``code`` ``TOO_LARGE`` above ``max_bytes``, else ``BAD_JSON``.
    """
    if len(body) > max_bytes:
        raise ContractError(
            f'the body has {len(body)} bytes, at most {max_bytes} are taken', code='TOO_LARGE'
        )
    try:
        value = _DECODER.decode(body.decode('utf-8'))
        check(value)
    except UnicodeDecodeError:
        raise _bad('it is not UTF-8') from None
    except RecursionError:
        raise _bad('it is nested too deeply') from None
    except Refused as error:
        raise _bad(str(error)) from None
    except ValueError:
        raise _bad('it does not parse') from None
    return value


def _bad(why: str) -> ContractError:
    return ContractError(f'the body is not readable JSON: {why}', code='BAD_JSON')


def check(value: Any) -> None:
    """Look at the depth, without recursion.

    :raises Refused: where it is more than :data:`MAX_DEPTH`.
    """
    for _part, depth in _containers(value):
        if depth > MAX_DEPTH:
            raise Refused('it is nested too deeply')


def _containers(value: Any) -> Iterator[tuple[dict | list, int]]:
    """Every object and array in ``value``, with its depth."""
    waiting = [(value, 1)] if isinstance(value, dict | list) else []
    while waiting:
        item, depth = waiting.pop()
        yield item, depth
        parts = item.values() if isinstance(item, dict) else item
        waiting += [(part, depth + 1) for part in parts if isinstance(part, dict | list)]


def is_plain(text: str) -> bool:
    """Whether a text has neither NUL nor half a character (a lone surrogate) in it."""
    return not _STRANGE.search(text)


def may_be_strange(body: bytes) -> bool:
    """Whether a JSON text of ours could hold a character that is not plain: only an escape spells
    one, for UTF-8 has no half characters, and JSON no bare NUL."""
    return b'\\u' in body


def has_plain_keys(value: Any) -> bool:
    """Whether the keys of every object in ``value`` are plain."""
    objects = (part for part, _depth in _containers(value) if isinstance(part, dict))
    return all(is_plain(''.join(part)) for part in objects)


def plain(text: str) -> str:
    """The text with U+FFFD, the replacement character, for what makes it not plain."""
    return _STRANGE.sub('\ufffd', text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused('an object has the same key twice')
    return found


def _whole(digits: str) -> int:
    if len(digits.lstrip('-')) > MAX_DIGITS:
        raise Refused('a number has too many digits')
    return int(digits)


def _fraction(digits: str) -> float:
    number = float(digits)
    if number in (float('inf'), float('-inf')):
        raise Refused('a number is too large')
    return number


def _constant(name: str) -> NoReturn:
    raise Refused(f'{name} is not a number in JSON')


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_whole,
    parse_float=_fraction,
    parse_constant=_constant,
)
