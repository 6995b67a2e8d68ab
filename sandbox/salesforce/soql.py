"""Parses SOQL into a tree.

Promise: SELECT of fields, parents' fields, COUNT() and other aggregates, FIELDS(), child
sub-queries; WHERE with AND, OR, NOT, comparisons, LIKE, IN and NOT IN (values or a sub-query),
INCLUDES and EXCLUDES; GROUP BY, ORDER BY, LIMIT, OFFSET. Anything else is MALFORMED_QUERY with the
place, as are AND and OR side by side without parentheses. Weakness: no HAVING, TYPEOF, SOSL,
toLabel(), FOR VIEW, USING SCOPE, WITH.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .errors import ApiError

TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>'(?:\\.|[^'\\])*')
  | (?P<datetime>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))
  | (?P<date>\d{4}-\d\d-\d\d)
  | (?P<number>[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)
  | (?P<word>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?::\d+)?)
  | (?P<sign><=|>=|!=|<>|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
COMPARISONS = {"=", "!=", "<>", "<", ">", "<=", ">=", "LIKE"}
AGGREGATES = {"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"}
RESERVED = {"FROM", "WHERE", "ORDER", "GROUP", "LIMIT", "OFFSET", "AND", "OR", "NOT", "HAVING"}
MAX_LENGTH = 100_000


@dataclass(frozen=True)
class Token:
    """A piece of the text; ``at`` is its column."""

    kind: str
    text: str
    at: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords."""
        return self.kind == "word" and self.text.upper() in words


@dataclass(frozen=True)
class Path:
    """``Account.Name`` as its parts."""

    parts: tuple[str, ...]
    at: int = 0


@dataclass(frozen=True)
class Aggregate:
    """``COUNT(Id) total``; ``path`` None: COUNT()."""

    function: str
    path: Path | None
    alias: str | None


@dataclass(frozen=True)
class FieldSet:
    """``FIELDS(ALL)``."""

    which: str


@dataclass(frozen=True)
class Literal:
    """``kind``: string, number, boolean, null, date, datetime or span (a date literal)."""

    kind: str
    value: Any


@dataclass(frozen=True)
class Compare:
    """``Name LIKE 'a%'``; ``values`` has one entry unless ``op`` is a set operator."""

    path: Path
    op: str
    values: tuple[Literal, ...] = ()
    query: Query | None = None


@dataclass(frozen=True)
class Junction:
    """AND, OR or NOT of others."""

    op: str
    items: tuple[Any, ...]


@dataclass(frozen=True)
class Order:
    """One key of ORDER BY."""

    path: Path
    descending: bool
    nulls_last: bool


@dataclass
class Query:
    """A whole SELECT."""

    items: list[Any]
    source: str
    alias: str | None = None
    where: Any = None
    group: list[Path] = field(default_factory=list)
    order: list[Order] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0
    text: str = ""

    @property
    def counts(self) -> bool:
        """Whether it is ``SELECT COUNT()``, which answers with totalSize alone."""
        first = self.items[0]
        return len(self.items) == 1 and isinstance(first, Aggregate) and first.path is None

    @property
    def aggregates(self) -> bool:
        """Whether it answers with AggregateResult rows."""
        return bool(self.group) or any(isinstance(item, Aggregate) for item in self.items)


def parse(text: str) -> Query:
    """The tree of a query. Raises :class:`ApiError` MALFORMED_QUERY."""
    if len(text) > MAX_LENGTH:
        raise ApiError("QUERY_TOO_COMPLICATED", f"The SOQL query is over {MAX_LENGTH} characters")
    parser = _Parser(text)
    query = parser.query()
    if parser.token.kind != "end":
        raise parser.unexpected()
    return query


def _tokens(text: str) -> list[Token]:
    found, at = [], 0
    while text[at:].strip():
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            place = at + len(text[at:]) - len(text[at:].lstrip())
            raise _malformed(text, place, f"unexpected token: '{text[place]}'")
        kind = match.lastgroup
        found.append(Token(kind, match[kind], match.start(kind)))
        at = match.end()
    return [*found, Token("end", "<EOF>", len(text))]


def _malformed(text: str, at: int, problem: str) -> ApiError:
    start = max(0, at - 30)
    excerpt = " ".join(text[start : at + 30].split("\n"))
    pointer = " " * (at - start) + "^"
    message = f"\n{excerpt}\n{pointer}\nERROR at Row:1:Column:{at + 1}\n{problem}"
    return ApiError("MALFORMED_QUERY", message)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.place = 0

    # -- tokens

    @property
    def token(self) -> Token:
        return self.tokens[self.place]

    def next(self) -> Token:
        token = self.token
        self.place += 1
        return token

    def unexpected(self) -> ApiError:
        return _malformed(self.text, self.token.at, f"unexpected token: '{self.token.text}'")

    def accept(self, *words: str) -> bool:
        """Skip these keywords or signs when all of them come next."""
        ahead = self.tokens[self.place : self.place + len(words)]
        if [token.text.upper() for token in ahead if token.kind in ("word", "sign")] != [*words]:
            return False
        self.place += len(words)
        return True

    def expect(self, *words: str) -> None:
        if not self.accept(*words):
            raise self.unexpected()

    def word(self) -> Token:
        if self.token.kind != "word" or self.token.text.upper() in RESERVED:
            raise self.unexpected()
        return self.next()

    def path(self) -> Path:
        token = self.word()
        return Path(tuple(token.text.split(".")), token.at)

    def whole(self) -> int:
        if self.token.kind != "number" or not self.token.text.isdecimal():
            raise self.unexpected()
        return int(self.next().text)

    # -- clauses

    def query(self) -> Query:
        self.expect("SELECT")
        items = [self.item()]
        while self.accept(","):
            items.append(self.item())
        self.expect("FROM")
        query = Query(items, self.word().text, text=self.text)
        if self.token.kind == "word" and self.token.text.upper() not in RESERVED:
            query.alias = self.next().text
        if self.accept("WHERE"):
            query.where = self.condition()
        if self.accept("GROUP", "BY"):
            query.group = self.listed(self.path)
        if self.accept("ORDER", "BY"):
            query.order = self.listed(self.order)
        if self.accept("LIMIT"):
            query.limit = self.whole()
        if self.accept("OFFSET"):
            query.offset = self.whole()
        return query

    def listed(self, read: Any) -> list[Any]:
        found = [read()]
        while self.accept(","):
            found.append(read())
        return found

    def item(self) -> Any:
        if self.accept("("):
            query = self.query()
            self.expect(")")
            return query
        name = self.word()
        if not self.accept("("):
            return Path(tuple(name.text.split(".")), name.at)
        return self.function(name)

    def function(self, name: Token) -> Any:
        function = name.text.upper()
        if function == "FIELDS":
            which = self.word().text.upper()
            self.expect(")")
            if which not in ("ALL", "STANDARD", "CUSTOM"):
                raise _malformed(self.text, name.at, f"FIELDS does not know {which}")
            return FieldSet(which)
        if function not in AGGREGATES:
            raise _malformed(self.text, name.at, f"unexpected token: '{name.text}'")
        if function == "COUNT" and self.accept(")"):
            return Aggregate(function, None, None)
        path = self.path()
        self.expect(")")
        plain = self.token.kind == "word" and not self.token.is_word(*RESERVED)
        return Aggregate(function, path, self.next().text if plain else None)

    def order(self) -> Order:
        path = self.path()
        descending = self.accept("DESC")
        if not descending:
            self.accept("ASC")
        last = self.accept("NULLS", "LAST")
        if not last:
            self.accept("NULLS", "FIRST")
        return Order(path, descending, last)

    # -- conditions

    def condition(self) -> Any:
        items, op = [self.unary()], None
        while self.token.is_word("AND", "OR"):
            # Salesforce gives neither of them precedence: they cannot stand side by side.
            if op not in (None, self.token.text.upper()):
                raise self.unexpected()
            op = self.next().text.upper()
            items.append(self.unary())
        return items[0] if op is None else Junction(op, tuple(items))

    def unary(self) -> Any:
        if self.accept("NOT"):
            return Junction("NOT", (self.unary(),))
        if self.accept("("):
            inner = self.condition()
            self.expect(")")
            return inner
        return self.comparison()

    def comparison(self) -> Compare:
        path = self.path()
        for words in (("NOT", "IN"), ("IN",), ("INCLUDES",), ("EXCLUDES",)):
            if self.accept(*words):
                return self.members(path, " ".join(words))
        op = self.token.text.upper()
        if op not in COMPARISONS:
            raise self.unexpected()
        self.next()
        literal = self.literal(like=op == "LIKE")
        return Compare(path, "!=" if op == "<>" else op, (literal,))

    def members(self, path: Path, op: str) -> Compare:
        self.expect("(")
        if self.token.is_word("SELECT"):
            query = self.query()
            self.expect(")")
            return Compare(path, op, query=query)
        values = self.listed(self.literal)
        self.expect(")")
        return Compare(path, op, tuple(values))

    def literal(self, like: bool = False) -> Literal:
        token = self.token
        if token.kind == "string":
            self.next()
            return Literal("string", self.unquoted(token, like))
        if token.kind == "number":
            return Literal("number", float(self.next().text))
        if token.kind in ("date", "datetime"):
            return Literal(token.kind, self.next().text)
        if token.is_word("TRUE", "FALSE"):
            return Literal("boolean", self.next().text.upper() == "TRUE")
        if token.is_word("NULL"):
            self.next()
            return Literal("null", None)
        if token.kind == "word" and token.text.upper() not in RESERVED and "." not in token.text:
            return Literal("span", self.next().text.upper())
        raise self.unexpected()

    def unquoted(self, token: Token, like: bool) -> str:
        """The text of a quoted string; of a LIKE pattern ``\\%`` and ``\\_`` stay escaped."""

        def one(match: re.Match[str]) -> str:
            char = match[1]
            if like and char in "%_":
                return match[0]
            if char not in ESCAPES and char not in "%_":
                problem = f"Illegal character sequence '{match[0]}' in string literal"
                raise _malformed(self.text, token.at, problem)
            return ESCAPES.get(char, char)

        return re.sub(r"\\(.)", one, token.text[1:-1], flags=re.DOTALL)
