"""Where a run ends: on the screen, in files, and, when asked for, in docs/performance.md.

A complete run writes `bench/results/<date>.json`, `.md` and plots beside them (`<date>-quick` for a
quick one); a partial run writes to `.dev/bench/results/`, since half a table would pass for a whole
one. A second run of the same day replaces the first.
"""

from __future__ import annotations

import json
import os
import platform
import re
from pathlib import Path

from devkit.layout import Layout
from devkit.odoo_source import locate
from devkit.postgres import Server
from devkit.problems import Problem
from devkit.process import output_of
from devkit.steps import write_atomically

from . import plots, report, tables

SETTINGS = (
    "server_version", "fsync", "synchronous_commit", "wal_sync_method", "full_page_writes",
    "shared_buffers", "max_wal_size",
)  # fmt: skip
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def machine(layout: Layout, server: Server) -> dict[str, str]:
    """What the figures belong to."""
    settings = {name: server.psql(f"SHOW {name}") for name in SETTINGS}
    others = server.psql(
        "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        " AND pid <> pg_backend_pid()"
    )
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "Odoo": _odoo_version(layout),
        "PostgreSQL": ", ".join(f"{name} {value}" for name, value in settings.items()),
        "queue_job": _pinned(layout, "odoo-addon-queue-job"),
        "commit": _commit(layout),
        "load at the start": f"{os.getloadavg()[0]:.1f}, {others} other database sessions",
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except FileNotFoundError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*: (.*)$", text, re.M)
    return found[1] if found else platform.machine()


def _odoo_version(layout: Layout) -> str:
    text = (locate(layout).root / "odoo" / "release.py").read_text(encoding="utf-8")
    found = re.search(r"^version_info = \((\d+), (\d+), (\d+), (\w+)", text, re.M)
    return "{}.{}.{} {}".format(*found.groups()).lower() if found else "unknown"


def _pinned(layout: Layout, name: str) -> str:
    text = (layout.checkout / "bench" / "requirements.txt").read_text(encoding="utf-8")
    return re.search(rf"^{name}==(.*)$", text, re.M)[1]


def _commit(layout: Layout) -> str:
    git = ["git", "-C", layout.checkout]
    commit = output_of([*git, "rev-parse", "--short=12", "HEAD"]).strip() or "unknown"
    return commit + (" with changes" if output_of([*git, "status", "--porcelain"]).strip() else "")


def publish(layout: Layout, results: tables.Results, *, partial: bool) -> None:
    """Show the tables and write the files."""
    print(*report.lines(results), sep="\n", flush=True)
    folder = layout.dev / "bench" / "results" if partial else home(layout)
    path = write(folder, results)
    print(f"Written to {path}", flush=True)


def home(layout: Layout) -> Path:
    return layout.checkout / "bench" / "results"


def write(folder: Path, results: tables.Results) -> Path:
    """Write the three forms; return the path of the Markdown."""
    name = results.begun[:10] + ("-quick" if results.quick else "")
    for measure in results.measures:
        write_atomically(folder / name / f"{measure.key}.svg", plots.bars(measure))
    text = json.dumps(tables.to_json(results), indent=1, ensure_ascii=False) + "\n"
    write_atomically(folder / f"{name}.json", text)
    write_atomically(folder / f"{name}.md", report.markdown(results, plots=name))
    return folder / f"{name}.md"


def document(layout: Layout) -> Path:
    """Put the last complete run, a full one if there is any, into docs/performance.md.

    :raises Problem: there is none, or the page has lost its markers
    """
    found = sorted(home(layout).glob("*.json"), key=lambda path: ("quick" not in path.stem, path))
    if not found:
        raise Problem("bench/results holds no complete run.", "Run ./dev bench first.")
    results = _read(found[-1])
    page = layout.checkout / "docs" / "performance.md"
    lines = report.body(results, plots=f"../bench/results/{found[-1].stem}")
    text = replaced(page.read_text(encoding="utf-8"), "\n".join(lines).strip())
    write_atomically(page, text)
    return page


def _read(path: Path) -> tables.Results:
    try:
        return tables.from_json(json.loads(path.read_text(encoding="utf-8")))
    except tables.UnknownFormat as error:
        raise Problem(f"{path.name} is of another version ({error}).", "Run it anew.") from error


def replaced(page: str, tables_text: str) -> str:
    """`page` with new text between its markers.

    :raises Problem: it has not both of them, in order
    """
    before, begin, rest = page.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not (begin and end):
        raise Problem(f"docs/performance.md has lost its markers, {BEGIN} and {END}.")
    return f"{before}{BEGIN}\n{tables_text}\n{END}{after}"


