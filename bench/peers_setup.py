"""What the peers need: their packages in a folder of their own, and a database with all of them.

OCA's queue_job comes from PyPI without its dependencies (Odoo is here already) and is never seen by
the add-on. The database is kept until a peer, Odoo or a dependency changes. Weakness: two checkouts
on one server make one each.
"""

from __future__ import annotations

from pathlib import Path

from devkit import odoo_server, python_env
from devkit.databases import Databases
from devkit.layout import Layout
from devkit.lock import exclusive
from devkit.postgres import Server
from devkit.process import run
from devkit.steps import Step, digest
from devkit.workshop import Workshop

MODULE = "bench_peers"


def requirements(layout: Layout) -> Path:
    return layout.checkout / "bench" / "requirements.txt"


def packages(layout: Layout) -> Path:
    """Where queue_job and its one library are."""
    return layout.dev / "bench" / "packages"


def addons(layout: Layout) -> list[Path]:
    return [packages(layout) / "odoo" / "addons", layout.checkout / "bench" / "peers"]


def ensure(workshop: Workshop, server: Server) -> None:
    """Bring everything, if it is not there yet."""
    layout = workshop.layout
    template = workshop.template(server)
    with exclusive(layout.dev / "lock-bench"):
        workshop.steps.run(_packages_step(layout))
        workshop.steps.run(_database_step(layout, server, template))


def database(layout: Layout, server: Server) -> str:
    """The name of the database that `ensure` makes."""
    databases = Databases(layout, server)
    key = digest(databases.template(), requirements(layout).read_text(), *_sources(layout))
    return f"{databases.prefix}_peers_{key}"


def _sources(layout: Layout) -> list[str]:
    folder = layout.checkout / "bench" / "peers" / MODULE
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".xml", ".csv"))
    return [f"{path.relative_to(folder)}\0{path.read_text(encoding='utf-8')}" for path in files]


def _packages_step(layout: Layout) -> Step:
    target = packages(layout)
    return Step(
        "bench-packages",
        "Peers: queue_job from PyPI",
        lambda: python_env.install_into(layout, target, requirements(layout)),
        key=digest(requirements(layout).read_text(encoding="utf-8")),
        present=lambda: (target / "odoo" / "addons" / "queue_job").is_dir(),
    )


def _database_step(layout: Layout, server: Server, template: str) -> Step:
    databases = Databases(layout, server)
    name = database(layout, server)
    return Step(
        "bench-peers",
        "Peers: their database",
        lambda: _make(layout, server, template, name),
        key=name,
        present=lambda: databases.exists(name),
    )


def _make(layout: Layout, server: Server, template: str, name: str) -> None:
    databases = Databases(layout, server)
    draft = databases.draft(name)
    databases.copy(template, draft, durable=False)
    words = ("-d", draft, "-i", MODULE, *odoo_words(layout))
    run(
        odoo_server.command(layout, *words, "--stop-after-init", "--no-http", "--log-level=warn"),
        log=databases.log(draft),
        cwd=layout.dev,
        env=environment(layout, server),
        remedy="The traceback above is Odoo's; mend what it names and run again.",
    )
    for old in databases.named(f"{databases.prefix}_peers_"):
        if old != draft:
            databases.drop(old)
    databases.rename(draft, name)


def odoo_words(layout: Layout) -> list[str]:
    """Odoo's options: the folders of add-ons; queue_job is itself only as a server-wide module."""
    folders = [*odoo_server.addons_path(layout), *addons(layout)]
    return ["--addons-path", ",".join(map(str, folders)), "--load", "base,rpc,web,queue_job"]


def environment(layout: Layout, server: Server) -> dict[str, str]:
    """What Odoo needs to run with the peers; queue_job's runner starts only where it is asked."""
    return {
        **odoo_server.environment(layout, server),
        "PYTHONPATH": str(packages(layout)),
        "ODOO_QUEUE_JOB_CHANNELS": "root:0",
    }
