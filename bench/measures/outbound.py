"""Outbound: changed partners sent to the stand-in by one worker, without the stand-in's own time.

That time is what its ledger says each call took. HubSpot's own ceiling is 190 calls in ten seconds,
of 100 records each. The connector of the market makes one call a record, inside `write()`; its
figure leaves the stand-in's time out as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .. import pipelines
from ..contract import Contender, Measure, Sample, Target, require
from ..shell import Done
from ..stage import Stage

PEER_RECORDS = 100


@contextmanager
def prepare(stage: Stage) -> Iterator[pipelines.Field]:
    with pipelines.field(stage, records=stage.size(5000, quick=1000)) as ready:
        yield ready


def ours(prepared: pipelines.Field, round: int) -> Sample:
    world, mark = prepared.ours, pipelines.town("out", round)
    values = {str(partner): pipelines.as_vals(partner, mark) for partner, _remote in world.partners}
    prepared.shell.call("change_partners", values=values)
    before = world.account.calls
    done = prepared.shell.call("work")
    pipelines.require_applied(world, mark, len(values))
    _require_there(prepared, mark, len(values))
    return _sample(prepared, done, before, len(values), rss_mb=prepared.shell.rss())


def app_store(prepared: pipelines.Field, round: int) -> Sample:
    mark = pipelines.town("market", round)
    chosen = prepared.peers.partners[:PEER_RECORDS]
    values = {str(partner): pipelines.as_vals(partner, mark) for partner, _remote in chosen}
    before = prepared.ours.account.calls
    done = prepared.peers_shell.call("app_store_write", values=values)
    _require_there(prepared, mark, len(values))
    return _sample(prepared, done, before, len(values))


def _sample(
    prepared: pipelines.Field, done: Done, before: int, records: int, **extra: float
) -> Sample:
    calls = prepared.ours.account.ledger(before)
    away = sum(call["ms"] or 0 for call in calls) / 1000
    return done.sample(
        records / (done.wall - away),
        calls_per_record=len(calls) / records,
        with_stand_in=records / done.wall,
        **extra,
    )


def _require_there(prepared: pipelines.Field, mark: str, records: int) -> None:
    found = sum(
        (row["properties"].get("city") or "").endswith(mark)
        for row in prepared.ours.account.objects("contacts")
    )
    require(found == records, f"{found} of {records} contacts hold what Odoo holds")


MEASURE = Measure(
    key="outbound",
    title="Outbound, changed partners to the stand-in, one worker",
    unit="records/s",
    better="higher",
    prepare=prepare,
    contenders=(
        Contender("ours", "saas_sync, one worker", ours),
        Contender("app_store", "a call inside write()", app_store),
    ),
    targets=(
        Target(
            "at least 1,900 records/s, HubSpot's own ceiling",
            at_least=1900,
            explanation="A worker uses Python and PostgreSQL in turns: three fifths of the CPU time"
            " are Python, no part of which stands out (reading, comparing, the call, the link), two"
            " fifths PostgreSQL, where a record sent is nine row versions (message, lane, link,"
            " attempt). See the CPU columns.",
        ),
        Target(
            "at most 0.0101 calls a record",
            figure="calls_per_record",
            at_most=0.0101,
            explanation="One call carries a hundred records; more calls mean batches that were not"
            " full, because the worker claimed before all messages had their lanes.",
        ),
    ),
    bound="Python and PostgreSQL, in turns and not at once; HubSpot would admit 190 calls of 100"
    " records in ten seconds.",
)
