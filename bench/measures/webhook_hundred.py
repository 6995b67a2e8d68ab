"""Webhook, a hundred events a request: signed deliveries at four connections, and what others
answer.

This is HubSpot's largest delivery; here an event is what costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .. import webhooks
from ..contract import Measure, Target
from ..stage import Stage


@contextmanager
def prepare(stage: Stage) -> Iterator[webhooks.Field]:
    yield webhooks.field(stage, requests=stage.size(100, quick=24), events=100)


MEASURE = Measure(
    key="webhook_hundred",
    title="Webhook, 100 events a request, four connections",
    unit="events/s",
    better="higher",
    prepare=prepare,
    contenders=webhooks.routes(),
    targets=(
        Target(
            "at least 0.8 × the route with one raw INSERT",
            over="raw_insert",
            at_least=0.8,
            explanation="An event of ours is a row with the indexes that find it again (its key,"
            " its lane, its record, its age), which the bare table of the floor has not, and it is"
            " written twice: when it comes, and when a worker gives it its lane, which alone costs"
            " as much as the floor's whole INSERT. Verifying and reading a hundred events takes"
            " as long as Odoo's part of the floor.",
        ),
        Target(
            "p99 under 250 ms",
            figure="p99_ms",
            at_most=250,
            explanation="Four deliveries share two web workers, so the slowest waits for two.",
        ),
    ),
    bound="Inserting rows and their index entries in PostgreSQL, then reading a hundred events in"
    " Python.",
)
