"""JSON from a stranger: read strictly, or refused with one sentence.

Promise: :func:`loads` answers plain values that can be stored in PostgreSQL's ``jsonb`` and
written out again, or raises :class:`~.errors.ContractError`; no input makes it raise anything
else, and none makes it run long. Refused are: bytes that are no UTF-8, numbers that are no JSON
or do not fit a float, whole numbers of more than 30 digits, a key twice in one object, more than
40 levels, NUL characters and lone surrogates (``jsonb`` holds neither).

Weakness: it reads the whole text before it looks at the depth; the caller bounds the size.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from .errors import ContractError

MAX_DEPTH = 40
MAX_DIGITS = 30


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
        text = body.decode('utf-8')
        value = _DECODER.decode(text)
        # only an escape can spell what UTF-8 and the decoder would not have let pass
        check(value, texts='\\u' in text)
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


def check(value: Any, *, texts: bool = True) -> None:
    """Look at the depth and, with ``texts``, at every text; without recursion.

    :raises Refused: where something cannot be stored.
    """
    waiting = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise Refused('it is nested too deeply')
        parts = (*item, *item.values()) if isinstance(item, dict) else item
        for part in parts if isinstance(item, dict | list) else (item,):
            if isinstance(part, dict | list):
                waiting.append((part, depth + 1))
            elif texts and isinstance(part, str):
                _check_text(part)


def _check_text(text: str) -> None:
    if '\0' in text:
        raise Refused('a text holds the character NUL')
    if not text.isascii() and any('\ud800' <= letter <= '\udfff' for letter in text):
        raise Refused('a text holds half a character (a lone surrogate)')


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
