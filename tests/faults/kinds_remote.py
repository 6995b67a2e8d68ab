"""Faults of the account: the way to it, its answers, its limits, and what it delivers."""

from __future__ import annotations

import json
import time
from email.utils import formatdate

from tests.faults.catalog import Missed, fault

#: Calls about records; signing in and setting up are the scenarios' business.
RECORDS = "/crm/"
WRITES = r"(PATCH|POST) .*/crm/objects/.*(create|update|upsert|archive)|(PATCH|DELETE) .*/crm/"


def _weather(name: str, weight: float, seconds, choose):
    @fault("network", weight, seconds, name=f"to the account: {name}")
    def begin(trouble, rng):
        with trouble.remote.holding(choose(rng)):
            yield


_weather("latency", 1, (1, 4), lambda rng: {"latency": rng.uniform(0.05, 0.4), "jitter": 0.2})
_weather("slow", 0.5, (1, 3), lambda rng: {"bandwidth": rng.uniform(5_000, 50_000)})
_weather("black hole", 0.7, (0.5, 3), lambda rng: {"black_hole": True})
_weather("refused", 0.7, (0.3, 2), lambda rng: {"down": True})
_weather("truncated", 1, (0.5, 2), lambda rng: {"truncate": rng.choice([1, 200, 700])})
_weather("slow close", 0.5, (1, 3), lambda rng: {"slow_close": rng.uniform(0.2, 1.5)})


@fault("network", 1.5, name="to the account: reset")
def _reset(trouble, rng):
    trouble.until(trouble.world.remote.reset)
    yield


@fault("network", 2.5, (2, 5), name="to the account: done, answer lost")
def _lost(trouble, rng):
    before = trouble.world.remote.dropped
    with trouble.remote.holding({"drop_answers": rng.randint(1, 3), "match": b"^(POST|PATCH|DEL)"}):
        yield
    if trouble.world.remote.dropped == before:
        raise Missed


def _answer(name: str, weight: float, choose, match: str = RECORDS, after=None, group="account"):
    """An answer of the account, to one to three calls."""

    @fault(group, weight, (2, 6), name=f"answer: {name}")
    def begin(trouble, rng):
        rule = {"match": match, "count": rng.randint(1, 3), **choose(rng)}
        with trouble.answers.holding(rule):
            yield
        if not trouble.answers.hits(rule):
            raise Missed
        if after:
            after(trouble)


def _committed(kind: str):
    return lambda rng: {"kind": kind, "commit": rng.random() < 0.5}


for _status in (500, 502, 503, 423, 477):
    _answer(str(_status), 0.6, _committed(f"http_{_status}"))
for _kind in ("garbage", "html", "empty"):
    _answer(_kind, 0.8, _committed(_kind))
_answer("truncated JSON", 1, lambda rng: {"kind": "truncated"})
_answer("success that did nothing", 1, lambda rng: {"kind": "silent_noop"}, "/batch/(create|up)")
_answer("done, then reset", 2, lambda rng: {"kind": "commit_then_drop"}, WRITES)
_answer("done, then silence", 0.8, lambda rng: {"kind": "hang", "ms": 3000, "commit": True}, WRITES)
_answer("silence", 0.5, lambda rng: {"kind": "hang", "ms": 2000})
_answer(
    "401", 1, lambda rng: {"kind": "expired_token", "count": 1},
    after=lambda trouble: trouble.reconnect(),
)  # fmt: skip


def _retry_after(rng) -> dict:
    """Seconds, a fraction, a date, none, and what makes no sense."""
    date = formatdate(time.time() + 2, usegmt=True)
    value = rng.choice([None, "1", "0.7", date, "0", "-5", "soon", "", "9" * 30, "1e400"])
    policy = rng.choice(["SECONDLY", "TEN_SECONDLY_ROLLING"])
    return {"kind": "http_429", "retry_after": value, "policy": policy}


_answer("429", 2, _retry_after, after=lambda trouble: trouble.a_day_passes())
_answer(
    "429, of the day", 0.3, lambda rng: {"kind": "http_429", "policy": "DAILY", "count": 1},
    after=lambda trouble: trouble.a_day_passes(),
)  # fmt: skip


def _setting(name: str, weight: float, seconds, on: dict, off: dict):
    @fault("account", weight, seconds, name=name)
    def begin(trouble, rng):
        trouble.world.box.call("POST", "config", on)
        yield
        trouble.world.box.call("POST", "config", off)


_setting("search lags", 0.7, (2, 6), {"search_lag_ms": 3000}, {"search_lag_ms": 0})
_setting("reads lag behind events", 1, (2, 5), {"read_lag_ms": 1500}, {"read_lag_ms": 0})


@fault("deliveries", 1, (2, 8), name="deliveries held back")
def _held(trouble, rng):
    trouble.world.box.call("POST", "webhooks", {"paused": True})
    yield
    trouble.world.box.call("POST", "webhooks", {"paused": False})


@fault("deliveries", 2, name="old deliveries again")
def _again(trouble, rng):
    """What arrived long ago arrives once more, mixed up, and twice."""
    lines = trouble.world.box.call("GET", "deliveries").text.split("\n")
    old = [json.loads(line) for line in rng.sample(lines, min(20, len(lines))) if line]
    bodies = [one["body"] for one in old if one["accepted"]] * 2
    if not bodies:
        raise Missed
    rng.shuffle(bodies)
    _send(trouble, [{"body": body, "signature": "valid"} for body in bodies])
    yield


@fault("deliveries", 0.7, name="deliveries nobody can use")
def _unusable(trouble, rng):
    """Unreadable, forged, stale, of no known shape."""
    forged = '[{"subscriptionType":"contact.deletion","objectId":1,"eventId":%d}]'
    rows = [
        {"body": "this is not JSON", "signature": "valid"},
        {"body": '[{"subscriptionType":"contact.propertyChange"', "signature": "valid"},
        {"body": forged % rng.randint(1, 2**40), "signature": "wrong"},
        {"body": forged % rng.randint(1, 2**40), "signature": "stale"},
        {"body": f'[{{"eventId":{rng.randint(1, 2**40)},"objectId":"x"}}]', "signature": "valid"},
    ]
    _send(trouble, rng.sample(rows, 3))
    yield


def _send(trouble, rows: list[dict]) -> None:
    trouble.world.box.call("POST", "webhooks", {"raw": rows})
