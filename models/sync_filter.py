"""The filter of a mapping, read without running anything.

Promise: a text gives a domain of literal values and the names it is given, or one ValueError with a
sentence; no text makes it run long, take much memory or call anything. That is why it is not
``safe_eval``, which would work out ``9**9**9`` before anybody could look at it.

Weakness: relative dates are written as Odoo's domains know them (``'today -7d'``); expressions such
as ``context_today()`` are refused.
"""

from __future__ import annotations

import ast

from odoo.fields import Domain

MAX_LENGTH = 20_000


class _Named(ast.NodeTransformer):
    """Puts the values of known names into a parsed text."""

    def __init__(self, names):
        self._names = names

    def visit_Name(self, node):
        return ast.Constant(self._names[node.id]) if node.id in self._names else node


def parse(text: str | None, **names) -> Domain:
    """The domain that ``text`` spells; ``names`` may stand in it, for example ``uid``.

    :raises ValueError: it is no domain made of literal values.
    """
    text = (text or '[]').strip()
    if len(text) > MAX_LENGTH:
        raise ValueError(f'it has {len(text)} characters, at most {MAX_LENGTH} are read')
    try:
        tree = _Named(names).visit(ast.parse(text, mode='eval'))
        value = ast.literal_eval(tree)
    except (SyntaxError, TypeError, ValueError, MemoryError, RecursionError) as error:
        allowed = ', '.join(['literal values', *names])
        raise ValueError(f'only {allowed} may stand in a filter') from error
    if not isinstance(value, (list, tuple)):
        raise ValueError('it is no list of conditions')
    return Domain(value)
