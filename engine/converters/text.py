"""Text: one line, several lines, and HTML as text.

Promise: what comes out can be stored by PostgreSQL and written as UTF-8 (no NUL, no other control
characters, no half characters), and is in Unicode's form NFC, so that ``é`` equals ``é`` however it
was typed. Options: none. Weakness: HTML keeps its words, line breaks and paragraphs, and loses
links, images and emphasis.
"""

from __future__ import annotations

import html
import re
import unicodedata
from html.parser import HTMLParser
from typing import Any

from .base import TEXT_TYPES, OneField

#: Control characters but tab, line feed and carriage return, and halves of surrogate pairs.
_REFUSED = re.compile(r'[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]')
_LINE_END = re.compile(r'\r\n?|\u2028|\u2029')


def clean(value: Any) -> str:
    """``value`` as storable text in NFC; ``None`` and ``False`` are empty."""
    if value is None or value is False:
        return ''
    text = ('true' if value is True else str(value)) if not isinstance(value, str) else value
    return unicodedata.normalize('NFC', _REFUSED.sub('', text))


def one_line(value: Any) -> str | None:
    """Text with single blanks and none around it; ``None`` where nothing is left."""
    return ' '.join(clean(value).split()) or None


def several_lines(value: Any) -> str | None:
    """Text without blanks at the ends of lines and without empty lines around it."""
    lines = _LINE_END.sub('\n', clean(value)).split('\n')
    return '\n'.join(line.rstrip() for line in lines).strip() or None


class Text(OneField):
    """One line of text; also shows values of other types as text."""

    name = 'text'
    label = 'Text'
    odoo_types = frozenset(('char', 'text'))
    remote_types = TEXT_TYPES | {
        'integer', 'float', 'boolean', 'date', 'datetime', 'enumeration', 'multi_enumeration',
        'reference',
    }  # fmt: skip

    def canonical(self, value: Any) -> str | None:
        return one_line(self._text(value))

    def _text(self, value: Any) -> Any:
        if isinstance(value, (dict, list, tuple, bytes)):
            self.refuse(value, 'it is no text', 'Map another field, or use another converter.')
        return value


class Multiline(Text):
    """Text whose line breaks and inner blanks count."""

    name = 'multiline'
    label = 'Text of several lines'

    def canonical(self, value: Any) -> str | None:
        return several_lines(self._text(value))


class HtmlText(OneField):
    """Odoo's HTML against the remote's plain text. Runs of blanks and of empty lines are one."""

    name = 'html_text'
    label = 'Formatted text, as plain text'
    odoo_types = frozenset(('html',))

    def canonical(self, value: Any) -> str | None:
        lines = [' '.join(line.split()) for line in (several_lines(value) or '').split('\n')]
        return re.sub(r'\n{3,}', '\n\n', '\n'.join(lines)).strip() or None

    def from_odoo(self, value: Any) -> str | None:
        reader = _TextOfHtml()
        # Markup.__str__ would escape what is added to it; the parser needs a plain string.
        reader.feed(clean(value and str(value)))
        reader.close()
        return self.canonical(reader.text)

    def odoo(self, canonical: str) -> str:
        return f'<p>{html.escape(canonical, quote=False)}</p>'.replace('\n', '<br>')


class _TextOfHtml(HTMLParser):
    _BLOCKS = frozenset((
        'address', 'blockquote', 'div', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'li', 'ol', 'p', 'pre',
        'table', 'tr', 'ul',
    ))  # fmt: skip
    _SILENT = frozenset(('script', 'style', 'head', 'title'))

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.text = ''
        self._silent = 0

    def handle_starttag(self, tag, attrs):
        self._silent += tag in self._SILENT
        if tag == 'br':
            self.text += '\n'
        elif tag in self._BLOCKS:
            self._new_line()

    def handle_endtag(self, tag):
        self._silent = max(0, self._silent - (tag in self._SILENT))
        if tag in self._BLOCKS:
            self._new_line()

    def handle_data(self, data):
        if not self._silent:
            # Line ends in the source are blanks; only the tags break lines.
            self.text += re.sub(r'\s+', ' ', data)

    def _new_line(self):
        if self.text and not self.text.endswith('\n'):
            self.text += '\n'
