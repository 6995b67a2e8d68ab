"""The day at HubSpot as it reaches Odoo: collect its events, send them as a thousand deliveries,
account for every one of them.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from . import deliveries, people
from .account import live
from .accounts import KINDS
from .collector import Collector
from .connect import webhook_url
from .progress import Progress
from .stage import Stage

FLUSH_SECONDS = 60
#: Real ones are random numbers of 32 bits.
FORGED_ID = 1


@dataclass(frozen=True)
class Sent:
    """What became of the deliveries. `seconds` from the first to the last answer."""

    answers: dict[int, int]
    seconds: float
    answer_ms: tuple[float, float]

    @property
    def total(self) -> int:
        return sum(self.answers.values())


def collect(stage: Stage, rng: random.Random) -> list[dict]:
    """Have people change things at HubSpot; return the events of it, which nobody has seen yet."""
    records = {kind: live(stage.hubspot.objects(kind)) for kind in KINDS}
    with Progress("A day at HubSpot") as bar, Collector() as collector:
        stage.hubspot.webhooks(target=collector.url)
        new = _enter(stage, people.newcomers(rng))
        steps = people.day(records, new, rng)
        for kind, changes in people.in_calls(steps):
            stage.hubspot.change(kind, changes)
        answer = stage.hubspot.webhooks(flush=True, flush_timeout_s=FLUSH_SECONDS)
        if not answer["flushed"]:
            raise RuntimeError("HubSpot's stand-in did not hand over its events in time")
        bar.remark = f"{len(steps) + sum(map(len, new.values()))} changes by people"
    return sorted(collector.events, key=_identity)


def _enter(stage: Stage, steps: list[people.Step]) -> dict[str, list[str]]:
    new: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for kind, changes in people.in_calls(steps):
        new[kind] += [row["id"] for row in stage.hubspot.change(kind, changes)]
    return new


def _identity(event: dict) -> str:
    """A place in an order that does not depend on when the events arrived."""
    return json.dumps([event.get("objectId"), event["eventId"]])


def forged(events: list[dict]) -> dict:
    """An event that HubSpot never sent: somebody wants a contact gone."""
    victim = next(
        event for event in events if event["subscriptionType"] == "contact.propertyChange"
    )
    names = ("portalId", "appId", "subscriptionId", "occurredAt", "objectId", "attemptNumber")
    facts = {name: victim[name] for name in names}
    return {**facts, "eventId": FORGED_ID, "subscriptionType": "contact.deletion"}


def send(stage: Stage, connection: int, post: deliveries.Post) -> Sent:
    """Send the deliveries, ten at a time, and wait for all answers."""
    before = len(stage.hubspot.deliveries())
    stage.hubspot.webhooks(target=webhook_url(stage, connection), raw=post.rows)
    with Progress("1,000 webhook deliveries", deliveries.TOTAL) as bar:
        while (pending := stage.hubspot.state()["deliveries"]["pending"]) > 0:
            bar.show(max(deliveries.TOTAL - pending, 0))
            time.sleep(0.2)
    rows = stage.hubspot.deliveries(after=before)
    # HubSpot also tells of what Odoo writes meanwhile; those are not of the thousand.
    bodies = {row["body"] for row in post.rows}
    ours = [row for row in rows if row["body"] in bodies]
    times = sorted(row["ms"] for row in ours)
    return Sent(
        answers=dict(Counter(row["status"] for row in ours)),
        seconds=_span(ours),
        answer_ms=(times[len(times) // 2], times[len(times) * 95 // 100]),
    )


def _span(rows: list[dict]) -> float:
    moments = [datetime.fromisoformat(row["time"].replace("Z", "+00:00")) for row in rows]
    last = max(zip(moments, rows, strict=True), key=lambda pair: pair[0])
    return (last[0] - min(moments)).total_seconds() + last[1]["ms"] / 1000
