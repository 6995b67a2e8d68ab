"""The stage: a fresh database, Odoo in prefork mode, both stand-ins, the ways to reach them.

The database is a copy of the one that the set-up keeps installed, so it takes seconds; it is made
anew for every run, and it waits for the disk at every commit as in production. Odoo runs two HTTP
workers and two cron workers, each a process. Everything ends with the `with` block.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from .. import odoo_server
from ..databases import Databases
from ..layout import Layout
from ..postgres import Server, from_parent
from ..problems import Problem
from ..process import child_environment, free_port
from ..workshop import Workshop
from .account import Account
from .accounts import HubSpot, Salesforce
from .children import Children, log_of
from .drain import Drain
from .erp import Erp
from .measure import Database
from .progress import Progress

WORKERS = 2
CRON_WORKERS = 2
#: Run by `odoo shell`. The salespeople are those whom the stand-in knows as owners of records. What
#: would call services on the Internet is switched off: the demo keeps to the loopback interface.
PREPARE = """
parameters = env['ir.config_parameter']
parameters.set_param('web.base.url', {url!r})
parameters.set_param('web.base.url.freeze', 'True')
parameters.set_param('crm.iap.lead.enrich.setting', 'manual')
env.ref('mail.ir_cron_module_update_notification').active = False
for name, login in {people!r}:
    env['res.users'].with_context(no_reset_password=True).create({{
        'name': name, 'login': login, 'email': login,
        'group_ids': [(4, env.ref('sales_team.group_sale_salesman').id)],
    }})
keys = env['res.users.apikeys'].with_user(env.ref('base.user_admin')).sudo()
key = keys._generate('rpc', 'saas_sync demo', False)
env.cr.commit()
print('key ' + key)
"""


@dataclass
class Stage:
    """Everything the story needs."""

    url: str
    erp: Erp
    hubspot: HubSpot
    salesforce: Salesforce
    database: Database
    drain: Drain
    children: Children

    @property
    def accounts(self) -> tuple[Account, ...]:
        return (self.hubspot, self.salesforce)


@contextmanager
def prepared(layout: Layout, port: int) -> Iterator[Stage]:
    """Set everything up; end everything afterwards."""
    url = f"http://127.0.0.1:{port}"
    server = from_parent()
    with Children(layout) as children:
        name = f"{Databases(layout, server).prefix}_demo"
        workshop = Workshop(layout)
        workshop.installed(server)
        with Progress("A fresh database"):
            workshop.installed_copy(server, name, durable=True)
        with Progress("Starting both stand-ins"):
            accounts = (HubSpot.start(layout, children), Salesforce.start(layout, children))
        with Progress("Preparing the database"):
            key = _prepare(layout, server, name, url, accounts)
        erp = Erp(url, name, key)
        with Progress("Starting Odoo") as bar:
            _start_odoo(layout, server, name, children, port)
            erp.wait_until_up(children)
            bar.remark = f"{WORKERS} HTTP workers, {CRON_WORKERS} cron workers"
        database = Database(name)
        drain = Drain(database, accounts, children)
        try:
            yield Stage(url, erp, *accounts, database, drain, children)
        finally:
            database.close()


def _prepare(
    layout: Layout, server: Server, name: str, url: str, accounts: Sequence[Account]
) -> str:
    """Name the address, add the salespeople, make an API key; return the key."""
    owners = {row["email"]: row for account in accounts for row in account.owners()}
    people = [(f"{one['firstName']} {one['lastName']}", email) for email, one in owners.items()]
    with log_of(layout, "prepare").open("wb") as log:
        done = subprocess.run(
            odoo_server.command(layout, "shell", "-d", name, "--no-http", "--log-level", "warn"),
            input=PREPARE.format(url=url, people=people).encode(),
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=layout.dev,
            env=_environment(layout, server),
        )
    key = next((line[4:] for line in done.stdout.decode().split("\n") if line[:4] == "key "), None)
    if done.returncode or not key:
        raise Problem("The database could not be prepared.", f"See {log_of(layout, 'prepare')}.")
    return key


def _start_odoo(layout: Layout, server: Server, name: str, children: Children, port: int) -> None:
    words = ["-d", name, "--db-filter", f"^{name}$", "--http-port", str(port)]
    # The websocket process has a port of its own.
    words += ["--workers", str(WORKERS), "--gevent-port", str(free_port())]
    words += ["--max-cron-threads", str(CRON_WORKERS)]
    command = odoo_server.command(layout, *words)
    children.start("odoo", command, environment=_environment(layout, server))


def _environment(layout: Layout, server: Server) -> Mapping[str, str]:
    return child_environment(odoo_server.environment(layout, server))
