"""What the measures of the pipelines share: the changes of a round, the check that they arrived.

Every round gives every record values that it never had: name, town, street and job. Promise: a
round counts only if every record holds them in Odoo, in its link's snapshot and, on the way out, at
the stand-in. Weakness: the stand-in's own time is taken from its ledger, which does not know how
long its answers waited for a core of the machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from .contract import Sample, require
from .server import Server
from .shell import Shell
from .stage import Stage
from .world import Ours, Peers

INSIDE = "pipelines"


@dataclass(frozen=True)
class Field:
    """Both worlds with a shell in each; `jobs` is the peers' server where queue_job works."""

    ours: Ours
    shell: Shell
    peers: Peers
    peers_shell: Shell
    jobs: Server | None
    job_count: int


@contextmanager
def field(stage: Stage, records: int, jobs: int = 0) -> Iterator[Field]:
    with ExitStack() as stack:
        ours = stack.enter_context(stage.ours(partners=records))
        shell = stack.enter_context(ours.shell(INSIDE))
        peers = stack.enter_context(stage.peers(partners=records))
        peers_shell = stack.enter_context(peers.shell(INSIDE))
        server = stack.enter_context(peers.server(queue_job=True)) if jobs else None
        yield Field(ours, shell, peers, peers_shell, server, jobs)


def town(sort: str, round: int) -> str:
    """What the towns of a round end with."""
    return f" {sort}{round}"


def as_vals(record_id: int, mark: str) -> dict[str, str]:
    """The new values of a partner."""
    return {
        "name": f"Person {record_id} Number{mark}",
        "city": f"Town {record_id}{mark}",
        "street": f"{record_id} High Street{mark}",
        "function": f"Buyer {record_id}{mark}",
    }


def change_contacts(ours: Ours, remote_ids: Iterable[str], mark: str) -> None:
    """People edit these contacts at the account; nobody is told."""
    ours.account.change(
        "contacts",
        [
            {
                "id": remote_id,
                "properties": {
                    "lastname": f"Number{mark}",
                    "city": f"Town {remote_id}{mark}",
                    "address": f"{remote_id} High Street{mark}",
                    "jobtitle": f"Buyer {remote_id}{mark}",
                },
            }
            for remote_id in remote_ids
        ],
    )


def require_applied(ours: Ours, mark: str, records: int) -> None:
    """Odoo holds the values, the links keep them, and nothing waits or is sent back."""
    found = ours.database.one(
        """SELECT count(*) FROM sync_link l JOIN res_partner p ON p.id = l.res_id
            WHERE l.res_model = 'res.partner' AND l.state = 'in_sync'
              AND p.city LIKE %s AND p.street LIKE %s AND l.snapshot->>'city' = p.city""",
        f"%{mark}",
        f"%{mark}",
    )
    require(found == records, f"{found} of {records} records were written, linked and kept")
    require(ours.is_idle(), f"something still waits: {ours.database.stuck()}")


def applied(prepared: Field, round: int, sort: str, each: int) -> Sample:
    """Change every contact, store `each` events of it, and have one worker apply them: events a
    second, by the wall clock of the worker's call alone."""
    ours, mark = prepared.ours, town(sort, round)
    remote_ids = [remote_id for _partner, remote_id in ours.partners]
    change_contacts(ours, remote_ids, mark)
    prepared.shell.call("store_events", remote_ids=remote_ids, each=each)
    calls = ours.account.calls
    done = prepared.shell.call("work")
    require_applied(ours, mark, len(remote_ids))
    spent = {
        "calls_per_record": (ours.account.calls - calls) / len(remote_ids),
        "rss_mb": prepared.shell.rss(),
    }
    return done.sample(len(remote_ids) * each / done.wall, **spent)


def floor(prepared: Field, round: int, *, lean: bool) -> Sample:
    """The ORM's own batched write: records a second."""
    mark = town("lean" if lean else "tracked", round)
    values = {str(partner): as_vals(partner, mark) for partner, _remote in prepared.peers.partners}
    done = prepared.peers_shell.call("orm_write", values=values, lean=lean)
    written = "SELECT count(*) FROM res_partner WHERE city LIKE %s"
    found = prepared.peers.database.one(written, f"%{mark}")
    require(found == len(values), f"the floor has written {found} of {len(values)} partners")
    return done.sample(len(values) / done.wall)
