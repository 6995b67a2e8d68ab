"""First load: an account's contacts imported into an Odoo that knows none of them.

From the start of the import to the last partner created and linked, one worker, the stand-in's time
included. The floor creates the same partners through the ORM: batches of 100, one commit a batch,
without mail tracking and followers, which the engine leaves out as well; with them, as `create()`
does by default, it is shown beside it. Each round brings contacts of its own; a few that are linked
already are there from the preparation.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .. import contacts, pipelines
from ..contract import Contender, Measure, Sample, Target, require
from ..stage import Stage

KNOWN = 20
#: So far apart are the ids of two rounds.
APART = 1_000_000


@dataclass(frozen=True)
class Load:
    field: pipelines.Field
    account: contacts.Taken
    records: int


@contextmanager
def prepare(stage: Stage) -> Iterator[Load]:
    with pipelines.field(stage, records=KNOWN) as ready:
        records = stage.size(20_000, quick=800)
        yield Load(ready, contacts.taken(ready.ours.account), records)


def newcomers(round: int, sort: int, records: int) -> list[dict]:
    first = (round + 1) * APART + sort * APART // 4
    return contacts.rows(records, first=first)


def ours(prepared: Load, round: int) -> Sample:
    world, shell = prepared.field.ours, prepared.field.shell
    contacts.put_back(world.account, prepared.account)
    world.account.add(contacts=newcomers(round, 0, prepared.records))
    shell.call("start_import")
    before = world.database.one("SELECT count(*) FROM sync_link WHERE state = 'in_sync'")
    done = shell.call("work")
    after = world.database.one(
        """SELECT count(*) FROM sync_link l JOIN res_partner p ON p.id = l.res_id
            WHERE l.state = 'in_sync' AND l.snapshot->>'email' = p.email"""
    )
    require(
        after - before == prepared.records,
        f"{after - before} of {prepared.records} contacts were created and linked",
    )
    require(world.is_idle(), f"something still waits: {world.database.stuck()}")
    return done.sample(prepared.records / done.wall, rss_mb=shell.rss())


def floor(prepared: Load, round: int, *, lean: bool) -> Sample:
    peers, shell = prepared.field.peers, prepared.field.peers_shell
    rows = [row["properties"] for row in newcomers(round, 1 + lean, prepared.records)]
    before = peers.database.one("SELECT count(*) FROM res_partner")
    done = shell.call("orm_create", contacts=rows, lean=lean)
    made = peers.database.one("SELECT count(*) FROM res_partner") - before
    require(made == len(rows), f"the floor has created {made} of {len(rows)} partners")
    return done.sample(len(rows) / done.wall)


MEASURE = Measure(
    key="first_load",
    title="First load of an account's contacts, one worker",
    unit="records/s",
    better="higher",
    prepare=prepare,
    contenders=(
        Contender("ours", "saas_sync, one worker", ours),
        Contender(
            "orm_create",
            "ORM create in batches, no tracking",
            lambda prepared, round: floor(prepared, round, lean=True),
        ),
        Contender(
            "orm_tracked",
            "ORM create in batches, mail tracking",
            lambda prepared, round: floor(prepared, round, lean=False),
        ),
    ),
    targets=(
        Target(
            "at least 0.8 × the ORM's batched create",
            over="orm_create",
            at_least=0.8,
            explanation="Half of our time is that same create, with its flush. The rest is three"
            " calls a hundred records, looking for an existing partner by id and by address, the"
            " event, the lane, the link and the attempt of each.",
        ),
    ),
    bound="The ORM's create of each partner.",
    repeats=1,
)
