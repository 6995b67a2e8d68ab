"""How Odoo is started here: its command line, its configuration file, its environment.

The configuration (`.dev/odoo.conf`, readable by its owner only) carries the connection to
PostgreSQL, so that whoever runs `.dev/bin/odoo -c .dev/odoo.conf` needs nothing else. Odoo is
started through a script and not by `-m odoo`, because with workers it starts itself again from
`sys.argv[0]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .layout import Layout
from .odoo_source import locate
from .postgres import Server
from .steps import write_atomically

OPTIONS = {
    "PGHOST": "db_host",
    "PGPORT": "db_port",
    "PGUSER": "db_user",
    "PGPASSWORD": "db_password",
    "PGSSLMODE": "db_sslmode",
}


def addons_path(layout: Layout) -> list[Path]:
    """The folders of add-ons beyond those that Odoo's package finds by itself."""
    extra = locate(layout).addons
    return [layout.addons, *([extra] if extra else [])]


def write_configuration(layout: Layout, server: Server) -> None:
    settings = {
        "addons_path": ",".join(map(str, addons_path(layout))),
        "data_dir": layout.data,
        "http_interface": "127.0.0.1",
        "admin_passwd": "admin",
        **{
            option: server.variables[name]
            for name, option in OPTIONS.items()
            if server.variables.get(name)
        },
    }
    text = "[options]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())
    write_atomically(layout.odoo_conf, text, mode=0o600)


def command(layout: Layout, *words: str | Path) -> list[str]:
    """Odoo with our configuration. A sub-command (`shell`) must be the first of `words`."""
    sub, rest = (
        (words[:1], words[1:]) if words and not str(words[0]).startswith("-") else ((), words)
    )
    parts = [layout.python, layout.odoo_script, *sub, "-c", layout.odoo_conf, *rest]
    return [str(part) for part in parts]


def environment(layout: Layout, server: Server) -> Mapping[str, str]:
    """What Odoo's process needs beside the configuration.

    Bytecode is kept in one folder of ours even where the machine forbids it next to the sources:
    compiling Odoo anew costs seconds at every start.
    """
    return {
        **server.variables,
        "PYTHONPYCACHEPREFIX": str(layout.pycache),
        "PYTHONDONTWRITEBYTECODE": "",
    }
