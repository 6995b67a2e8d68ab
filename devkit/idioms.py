"""The gate for idioms that Odoo 19 has removed or deprecated and that no linter we know reports.

Most of them fail silently: `_sql_constraints`, for one, is ignored with a warning and the
constraint does not exist. The gate is a search by line, so it cannot be fooled by an import but may
be by a string: words in comments and docstrings count too, which keeps bad examples out of the
code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .layout import Layout

SEARCHED = (
    "__init__.py",
    "hooks.py",
    "controllers",
    "data",
    "demo",
    "models",
    "report",
    "security",
    "static/src",
    "tests",
    "views",
    "wizards",
)
EXEMPT = ("tests/devkit", "tests/engine", "tests/sandbox")


@dataclass(frozen=True)
class Idiom:
    """A pattern to search in files with one of `suffixes`, and what to write instead."""

    suffixes: tuple[str, ...]
    pattern: str
    instead: str


PY = (".py",)
XML = (".xml",)
BOTH = (".py", ".xml")
IDIOMS = (
    Idiom(
        PY, r"\b_sql_constraints\b", "models.Constraint / models.UniqueIndex: this one is ignored"
    ),
    Idiom(PY, r"type=[\"']json[\"']", "type='jsonrpc', or 'http' for a webhook"),
    Idiom(PY, r"\bodoo\.osv\b|\bfrom odoo import .*\bosv\b", "odoo.fields.Domain"),
    Idiom(PY, r"\bread_group\(", "_read_group or formatted_read_group"),
    Idiom(BOTH, r"\bgroups_id\b", "group_ids"),
    Idiom(PY, r"\bself\._(cr|uid|context)\b", "self.env.cr, self.env.uid, self.env.context"),
    Idiom(
        PY, r"\brequest\.(cr|uid|context)\b", "request.env.cr, request.env.uid, request.env.context"
    ),
    Idiom(PY, r"\bcheck_access_(rights|rule)\(", "check_access or has_access"),
    Idiom(PY, r"\btoggle_active\b", "action_archive and action_unarchive"),
    Idiom(PY, r"\bgroup_operator=", "aggregator="),
    Idiom(PY, r"\bauto_join=", "bypass_search_access="),
    Idiom(PY, r"\b_notify_progress\(", "_commit_progress"),
    Idiom(PY, r"\b(numbercall|doall)\b", "nothing: ir.cron has no such field"),
    Idiom(PY, r"\bname_get\b", "_compute_display_name"),
    Idiom(XML, r"</?tree\b", "<list>"),
    Idiom(XML, r"\bview_mode\W[^<]*\btree\b", "list"),
    Idiom(XML, r"\battrs=", "invisible=, readonly=, required= with an expression"),
    Idiom(XML, r"\bstates=", "invisible= with an expression"),
    Idiom(XML, r"kanban-box", 't-name="card"'),
    Idiom(XML, r"<(group|filter)\b[^>]*\bexpand=", "<group> without attributes in a search view"),
    Idiom(XML, r"oe_chatter", "<chatter/>"),
    Idiom(XML, r"\b(numbercall|doall)\b", "nothing: ir.cron has no such field"),
)


@dataclass(frozen=True)
class Finding:
    path: Path
    line: int
    text: str
    idiom: Idiom

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text.strip()!r}: Odoo 19 wants {self.idiom.instead}"


def findings(layout: Layout) -> list[Finding]:
    """Every removed idiom in the add-on and in the tests that run inside Odoo."""
    return [finding for path in _files(layout.checkout) for finding in scan(path, layout.checkout)]


def scan(path: Path, root: Path) -> Iterator[Finding]:
    """The removed idioms in one file, named relative to `root`."""
    known = [idiom for idiom in IDIOMS if path.suffix in idiom.suffixes]
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        for idiom in known:
            if re.search(idiom.pattern, line):
                yield Finding(path.relative_to(root), number, line, idiom)


def _files(root: Path) -> Iterator[Path]:
    exempt = tuple(root / part for part in EXEMPT)
    for part in SEARCHED:
        start = root / part
        for path in [start] if start.is_file() else sorted(start.rglob("*")):
            if path.suffix in BOTH and not any(path.is_relative_to(folder) for folder in exempt):
                yield path
