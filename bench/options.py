"""The options of `./dev bench`. Read twice: by `./dev`, which sets up nothing for a bad one, and by
`python -m bench`. Knows the measures by the names of their files, since importing them takes the
packages that the set-up is there to bring.
"""

from __future__ import annotations

import argparse
import ast
from pathlib import Path

MEASURES = Path(__file__).resolve().parent / "measures"
MOST_REPEATS = 50
DESCRIPTION = """Measure saas_sync and its peers in one run on this machine.

Contenders alternate, several rounds each; the table shows medians, ranges, CPU seconds and the
targets. A complete run is written to bench/results/, a partial one to .dev/bench/results/.
Use a quiet machine: whatever else runs on it is measured, too."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--quick", action="store_true", help="less work, three rounds: under five minutes"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        type=measure,
        metavar="MEASURE",
        help="only these; see --list",
    )
    parser.add_argument(
        "--repeats", type=repeats, metavar="N", help=f"rounds of every measure, 1 to {MOST_REPEATS}"
    )
    parser.add_argument(
        "--document",
        action="store_true",
        help="run nothing; put the last complete run into docs/performance.md",
    )


def parser(prog: str) -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog=prog)
    add(found)
    return found


def words(given: argparse.Namespace) -> list[str]:
    """What `given` was read from."""
    found = ["--quick"] if given.quick else []
    found += ["--repeats", str(given.repeats)] if given.repeats else []
    return found + (["--only", *given.only] if given.only else [])


def known() -> dict[str, str]:
    """The measures: their keys, and the first sentence that their file says of itself."""
    found = {}
    for path in sorted(MEASURES.glob("[a-z]*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        found[path.stem] = text.partition("\n\n")[0].replace("\n", " ")
    return found


def measure(text: str) -> str:
    """The key of a measure."""
    if text not in known():
        raise argparse.ArgumentTypeError(
            f"{text!r} is no measure; there are {', '.join(known())}"
        )
    return text


def repeats(text: str) -> int:
    """A number of rounds."""
    if not text.isdigit() or not 1 <= int(text) <= MOST_REPEATS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of rounds: 1 to {MOST_REPEATS} is"
        )
    return int(text)
