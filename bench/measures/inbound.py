"""Inbound: changed contacts, from the stored event to the partner written, linked and kept.

One worker of ours in one process, against the ORM writing the same fields of the same partners and
nothing else. The floor: batches of 100, one commit a batch, values of its own for every record,
without mail tracking, which the engine leaves out as well (`bench/inside/pipelines.py`); with
tracking, as `write()` does it by default, it is shown beside it. queue_job does the same work with
a job a record and both of its server's workers. Our figure includes the stand-in's time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from .. import pipelines
from ..contract import Contender, Measure, Sample, Target, require
from ..stage import Stage


@contextmanager
def prepare(stage: Stage) -> Iterator[pipelines.Field]:
    with pipelines.field(
        stage, records=stage.size(2000, quick=300), jobs=stage.size(300, quick=60)
    ) as ready:
        yield ready


def ours(prepared: pipelines.Field, round: int) -> Sample:
    return pipelines.applied(prepared, round, "in", each=1)


def lean(prepared: pipelines.Field, round: int) -> Sample:
    return pipelines.floor(prepared, round, lean=True)


def tracked(prepared: pipelines.Field, round: int) -> Sample:
    return pipelines.floor(prepared, round, lean=False)


def queue_job(prepared: pipelines.Field, round: int) -> Sample:
    """The clock runs from the moment the jobs are there until the last one is done."""
    peers, mark = prepared.peers, pipelines.town("job", round)
    chosen = peers.partners[: prepared.job_count]
    pipelines.change_contacts(prepared.ours, [remote_id for _partner, remote_id in chosen], mark)
    with peers.stage.meter(prepared.jobs) as meter:
        prepared.peers_shell.call("enqueue_pull", partners=[partner for partner, _ in chosen])
        began = time.monotonic()
        peers.wait(lambda: _pulled(peers, mark) == len(chosen), "every job is done", 240, 0.05)
        seconds = time.monotonic() - began
    failed = peers.database.one("SELECT count(*) FROM queue_job WHERE state = 'failed'")
    require(not failed, f"{failed} jobs have failed")
    return meter.sample(len(chosen) / seconds)


def _pulled(peers, mark: str) -> int:
    return peers.database.one("SELECT count(*) FROM res_partner WHERE city LIKE %s", f"%{mark}")


MEASURE = Measure(
    key="inbound",
    title="Inbound, changed partners applied end to end, one worker",
    unit="records/s",
    better="higher",
    prepare=prepare,
    contenders=(
        Contender("ours", "saas_sync, one worker", ours),
        Contender("orm_write", "ORM write in batches, no tracking", lean),
        Contender("orm_tracked", "ORM write in batches, mail tracking", tracked),
        Contender("queue_job", "queue_job, a job a record", queue_job),
    ),
    targets=(
        Target(
            "at least 0.8 × the ORM's batched write",
            over="orm_write",
            at_least=0.8,
            explanation="Two thirds of our time is that same write: Odoo looks for the records that"
            " depend on each partner with four queries of its own, whatever the batch. The rest is"
            " reading both sides, merging, the link and the settlement.",
        ),
        Target(
            "at least 5 × queue_job",
            over="queue_job",
            at_least=5,
            explanation="The same partner write bounds both; a job a record adds a request, its own"
            " read of the account and a commit to each.",
        ),
    ),
    bound="The ORM's write of each record: values differ, so a batch of 100 is 100 calls of"
    " write(), each with four queries for what depends on it.",
)
