"""Faults of the database: sessions ended, the server stopped, the way to it, locks, snapshots."""

from __future__ import annotations

import time

import psycopg2

from tests.faults.catalog import Missed, fault

_BACKENDS = """
    SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'odoo-%'
"""


@fault("postgres", 0.8, name="sessions terminated")
def _terminated(trouble, rng):
    """Any of Odoo's sessions, in whatever they are doing."""
    sessions = [row[0] for row in trouble.world.database.rows(_BACKENDS)]
    if not sessions:
        raise Missed
    for pid in rng.sample(sessions, min(rng.randint(1, 3), len(sessions))):
        trouble.world.database.rows("SELECT pg_terminate_backend(%s)", pid)
    yield


def _stopped(how: str):
    @fault("postgres", 0.08, name=f"PostgreSQL stopped: {how}", stops_postgres=True)
    def begin(trouble, rng):
        trouble.world.server.stop(how)
        trouble.watch.forget()
        time.sleep(rng.uniform(0, 2))
        trouble.world.server.start()
        yield


for _how in ("fast", "immediate"):
    _stopped(_how)


def _weather(name: str, weight: float, seconds, choose):
    @fault("postgres", weight, seconds, name=f"to PostgreSQL: {name}")
    def begin(trouble, rng):
        with trouble.postgres.holding(choose(rng)):
            yield


_weather("latency", 1, (1, 4), lambda rng: {"latency": rng.uniform(0.001, 0.02), "jitter": 0.01})
_weather("slow", 0.5, (1, 3), lambda rng: {"bandwidth": rng.uniform(200_000, 1_000_000)})
_weather("black hole", 0.4, (0.5, 2), lambda rng: {"black_hole": True})
_weather("refused", 0.1, (0.2, 0.8), lambda rng: {"down": True})


@fault("postgres", 0.3, name="to PostgreSQL: reset")
def _reset(trouble, rng):
    trouble.until(trouble.world.postgres.reset)
    yield


@fault("postgres", 1, (1, 3), name="to PostgreSQL: COMMIT unanswered")
def _unanswered(trouble, rng):
    """The database commits, and nobody learns of it."""
    before = trouble.world.postgres.dropped
    with trouble.postgres.holding({"drop_answers": rng.randint(1, 2), "match": b"COMMIT"}):
        yield
    if trouble.world.postgres.dropped == before:
        raise Missed


@fault("postgres", 1.5, (1, 3), name="records locked by a user")
def _locked(trouble, rng):
    ids = trouble.records(rng, 20)
    if not ids:
        raise Missed
    with trouble.session() as user:
        user.cursor().execute("SELECT 1 FROM res_partner WHERE id = ANY(%s) FOR UPDATE", [ids])
        yield


@fault("postgres", 0.7, (5, 15), name="snapshot pinned")
def _pinned(trouble, rng):
    with trouble.session() as report:
        report.set_session(isolation_level="REPEATABLE READ")
        report.cursor().execute("SELECT count(*) FROM res_partner")
        yield


@fault("postgres", 1.5, (1.5, 4), name="rows contended for")
def _contended(trouble, rng):
    """Other transactions write the same rows, in any order: whoever comes second cannot be
    serialised, and two who wait for each other are a deadlock.
    """
    ids = trouble.records(rng, 12)
    if len(ids) < 2:
        raise Missed
    with trouble.session() as other:

        def work() -> None:
            try:
                with other, other.cursor() as cursor:
                    for partner in rng.sample(ids, min(4, len(ids))):
                        touch = "UPDATE res_partner SET color = color WHERE id = %s"
                        cursor.execute(touch, [partner])
                        time.sleep(0.02)
            except (psycopg2.errors.DeadlockDetected, psycopg2.errors.SerializationFailure):
                return

        with trouble.meanwhile(work):
            yield
