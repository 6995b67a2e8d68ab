"""Inbound with five events a record: the lane drains them in one go, so they cost little more.

The same records are applied with one event each, in turn. Both figures are events a second; the
work on Odoo's side is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .. import pipelines
from ..contract import Contender, Measure, Sample, Target
from ..stage import Stage

EACH = 5


@contextmanager
def prepare(stage: Stage) -> Iterator[pipelines.Field]:
    with pipelines.field(stage, records=stage.size(2000, quick=300)) as ready:
        yield ready


def ours(prepared: pipelines.Field, round: int) -> Sample:
    return pipelines.applied(prepared, round, "five", each=EACH)


def single(prepared: pipelines.Field, round: int) -> Sample:
    return pipelines.applied(prepared, round, "one", each=1)


MEASURE = Measure(
    key="coalescing",
    title="Inbound, five events a record, one worker",
    unit="events/s",
    better="higher",
    prepare=prepare,
    contenders=(
        Contender("ours", "five events a record", ours),
        Contender("single", "one event a record", single),
    ),
    targets=(
        Target(
            "at least 4 × one event a record",
            over="single",
            at_least=4,
            explanation="Each event is still attached to its lane and settled, with two updates of"
            " its row.",
        ),
    ),
    bound="The records, not the events: what is left for an event is its row, updated twice.",
)
