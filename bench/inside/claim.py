"""Within Odoo: fill the queue, claim from it, settle and sweep, all by the engine's own methods.

Only the claim itself is clocked: `_claim` as the worker calls it, with its commit. Messages are
inserted by one statement a round, as deliveries would; the dispatch, the settlement and the sweep
around it are the engine's.
"""

import statistics
import time
import uuid

from odoo.addons.saas_sync.models.sync_settlement import Result

HOT = "hot"
INSERT = """
    INSERT INTO sync_event (connection_id, idempotency_key, event_type, kind, remote_object,
                            remote_id, state, correlation_id, priority, done_at, received_at,
                            create_date)
    SELECT %(connection)s, %(key)s || n, 'contact.propertyChange', 'change', 'contacts',
           coalesce(%(record)s, %(key)s || n), %(state)s, %(key)s, 10, moment, moment,
           moment
      FROM generate_series(1, %(count)s) n,
           LATERAL (SELECT now() AT TIME ZONE 'UTC' - n * interval '1 s' AS moment) at
"""


def _insert(env, count, record=None, state="pending"):
    connection = env["sync.connection"].search([], limit=1)
    env.cr.execute(
        INSERT,
        {
            "connection": connection.id,
            "key": uuid.uuid4().hex[:12] + "-",
            "record": record,
            "count": count,
            "state": state,
        },
    )
    env.cr.commit()
    return connection


def fill(env, messages):
    """So many messages that are done, a second between two of them."""
    _insert(env, messages, state="done")
    env.cr.execute("ANALYZE sync_event")


def pile_up(env, messages):
    """So many messages that wait for one record, which is part of every claim."""
    _insert(env, messages, record=HOT)
    while env["sync.lane"]._tick():
        pass


def _settle(env, claim):
    """All done; the hot record is put off, with everything that waits in it."""
    results = {
        lane.id: Result("waiting" if lane.key == HOT else "done", delay=0) for lane in claim.lanes
    }
    env["sync.lane"]._settle(env.cr, claim, results)
    env.cr.commit()
    env["sync.lane"]._tick()


def claims(env, lanes, times):
    """`times` claims of `lanes` lanes that have just become due.

    :return: `{ms: the median, lanes, messages: what the last claim has held}`
    """
    found = []
    for _time in range(times):
        waiting = env["sync.lane"].search_count([("key", "=", HOT)])
        connection = _insert(env, lanes - waiting)
        while env["sync.lane"]._tick():
            pass
        start = time.perf_counter()
        claim = env["sync.lane"]._claim(
            connection.id, "in", "contacts", uuid.uuid4().hex, limit=lanes
        )
        found.append(1000 * (time.perf_counter() - start))
        _settle(env, claim)
    return {
        "ms": statistics.median(found),
        "lanes": len(claim.lanes),
        "messages": sum(lane.pending for lane in claim.lanes),
    }


def churn(env, lanes, seconds):
    """Lanes come and go for so long, as fast as the queue can; returns how many."""
    done, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        claims(env, lanes, 1)
        done += lanes
    return done
