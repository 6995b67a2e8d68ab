"""What the two webhook measures share: both servers, and a delivery's way through each route.

Ours is measured twice. `ours` has its account on hold (as after a "too many requests"): every
delivery is verified, stored and wakes the cron, the woken workers put the events on their lanes,
and leave them there. That is the work that a route which only stores can be compared with.
`ours_working` lets the workers apply the events at the same time, on the same cores. In both cases
all of it is worked off and counted afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from . import load
from .contract import Contender, Sample, require
from .server import Server
from .stage import Pair, Stage
from .world import Ours, Peers

CONNECTIONS = 4
#: What takes long is sent a quarter of it: the figure is no less steady.
SLOW = 4
HOLD = "UPDATE sync_connection SET hold_until = now() AT TIME ZONE 'UTC' + interval '1 day'"


@dataclass(frozen=True)
class Field:
    """Both worlds with a server each, and how much is sent."""

    stage: Stage
    pair: Pair
    requests: int
    events: int

    @property
    def ours(self) -> Ours:
        return self.pair.ours

    @property
    def peers(self) -> Peers:
        return self.pair.peers

    def deliveries(self, number: int) -> list[list[dict]]:
        """So many deliveries of events that were never there before."""
        partners = self.ours.partners
        total = range(number * self.events)
        events = [self.ours.event(partners[n % len(partners)][1]) for n in total]
        return [events[start : start + self.events] for start in total[:: self.events]]


def field(stage: Stage, requests: int, events: int) -> Field:
    """Everything, after once through every route: nobody pays for what a first call loads."""
    made = Field(stage, stage.pair(), requests, events)
    for contender in routes():
        contender.run(replace(made, requests=max(requests // 4, SLOW)), 0)
    return made


def routes() -> tuple[Contender, ...]:
    """Ours, the floors, and the peers that take any number of events."""
    return (
        Contender("ours", "saas_sync (verified, stored, woken)", ours),
        Contender("ours_working", "saas_sync, its workers at work", ours_working),
        Contender("raw_insert", "route with one raw INSERT", raw_insert),
        Contender("ok", "route that returns ok", ok),
        Contender("naive_create", "one ORM create an event", naive_create),
        Contender("queue_job", "queue_job, one job an event", queue_job),
    )


# --- ours ---


def ours(made: Field, _round: int) -> Sample:
    made.ours.execute(HOLD)
    try:
        return _ours(made)
    finally:
        made.ours.execute("UPDATE sync_connection SET hold_until = NULL")
        _work_off(made)


def ours_working(made: Field, _round: int) -> Sample:
    sample = _ours(made)
    _work_off(made)
    return sample


def _ours(made: Field) -> Sample:
    world, deliveries = made.ours, made.deliveries(made.requests)
    url, before = made.pair.ours_server.url + world.path, world.database.last_event()
    requests = [load.post(url, *world.sign(events)) for events in deliveries]
    sample = _sent(made, made.pair.ours_server, requests, 202)
    wanted = {str(event["eventId"]) for events in deliveries for event in events}
    rows, different = world.database.stored(map(int, wanted), after=before)
    require(
        rows == different == len(wanted),
        f"{rows} rows, {different} different events, of {len(wanted)} that were acknowledged",
    )
    return sample


def _work_off(made: Field) -> None:
    """Have what was stored worked off, before the next contender starts."""
    made.ours.deliver(made.pair.ours_server, [made.ours.event(made.ours.partners[0][1])])
    made.ours.settle()


# --- peers ---


def ok(made: Field, _round: int) -> Sample:
    requests = _peer_requests(made, "/bench/ok", made.requests)
    return _sent(made, made.pair.peers_server, requests, 200)


def raw_insert(made: Field, _round: int) -> Sample:
    requests = _peer_requests(made, "/bench/raw_insert", made.requests)
    return _stored(made, requests, "bench_event", 202)


def naive_create(made: Field, _round: int) -> Sample:
    requests = _peer_requests(made, "/bench/naive_create", made.requests // SLOW)
    return _stored(made, requests, "bench_event", 202)


def queue_job(made: Field, _round: int) -> Sample:
    """Jobs are due tomorrow, as ours are on hold; they are put away afterwards."""
    requests = _peer_requests(made, "/bench/queue_job", made.requests // SLOW)
    sample = _stored(made, requests, "queue_job", 202)
    made.peers.execute("DELETE FROM queue_job")
    return sample


def base_automation(made: Field, _round: int) -> Sample:
    """Its payload is one object, so there is one event a request."""
    uuid = made.peers.database.one("SELECT webhook_uuid FROM base_automation")
    deliveries = made.deliveries(made.requests // SLOW)
    requests = [
        _unsigned(f"{made.pair.peers_server.url}/web/hook/{uuid}", event) for [event] in deliveries
    ]
    return _stored(made, requests, "bench_event", 200, events=1)


def _peer_requests(made: Field, path: str, number: int) -> list[bytes]:
    return [_unsigned(made.pair.peers_server.url + path, one) for one in made.deliveries(number)]


def _unsigned(url: str, body: object) -> bytes:
    encoded = json.dumps(body, separators=(",", ":")).encode()
    return load.post(url, {"Content-Type": "application/json"}, encoded)


def _stored(
    made: Field, requests: Sequence[bytes], table: str, status: int, events: int | None = None
) -> Sample:
    """Send, and count the rows that came of it."""
    query = f"SELECT count(*) FROM {table}"
    before = made.peers.database.one(query)
    sample = _sent(made, made.pair.peers_server, requests, status)
    stored = made.peers.database.one(query) - before
    wanted = len(requests) * (events or made.events)
    require(stored == wanted, f"{stored} rows in {table} of {wanted} events")
    return sample


def _sent(made: Field, server: Server, requests: Sequence[bytes], status: int) -> Sample:
    """Events a second (with one event a request: requests a second)."""
    address = server.url.removeprefix("http://")
    with load.loaded(requests, address, CONNECTIONS) as ready, made.stage.meter(server) as meter:
        report = ready.go()
    answers = dict(report.statuses)
    require(answers == {str(status): len(requests)}, f"answers were {answers}, not all {status}")
    rate = len(requests) * made.events / report.wall
    return meter.sample(rate, **report.extras())
