"""Webhook, one event a request: signed deliveries at four connections, and what others answer.

A request is what costs here. The floors and the peers check no signature.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .. import webhooks
from ..contract import Contender, Measure, Target
from ..stage import Stage


@contextmanager
def prepare(stage: Stage) -> Iterator[webhooks.Field]:
    yield webhooks.field(stage, requests=stage.size(1200, quick=240), events=1)


MEASURE = Measure(
    key="webhook_one",
    title="Webhook, one event a request, four connections",
    unit="requests/s",
    better="higher",
    prepare=prepare,
    contenders=(
        *webhooks.routes(),
        Contender("base_automation", "base_automation's webhook", webhooks.base_automation),
    ),
    targets=(
        Target(
            "at least 0.8 × the route with one raw INSERT",
            over="raw_insert",
            at_least=0.8,
            explanation="Beyond its INSERT a delivery pays for two more statements (whose it is,"
            " with the secrets; whether somebody has to be woken), for the signature, and for a row"
            " with seven indexes and not two. The woken workers, who give the events their lanes,"
            " take a sixth of the CPU on the same two cores.",
        ),
        Target(
            "at least 3 × base_automation's webhook",
            over="base_automation",
            at_least=3,
            explanation="Odoo's own cost of a request bounds all of them: the route with one raw"
            " INSERT is itself about three times as fast as base_automation's.",
        ),
    ),
    bound="Odoo's dispatching of a request (the route that returns ok does nothing else), then the"
    " durable commit. In prefork mode a connection is closed after each answer.",
)
