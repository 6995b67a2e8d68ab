"""What has to be true after every scenario, whatever was broken during it.

Promise: `violations` asks the database (`invariants.sql`), the account's ledger, both sides read
again, the delivery log and Odoo's log, and returns a :class:`Violation` for everything that must
not be; an empty list is the proof. It asks after a drain, with every fault lifted. Weakness: what
neither the tables nor the ledger keep (a value overwritten and restored between two looks) is
beyond it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

from devkit.demo import books, compare, sides
from devkit.demo.accounts import HubSpot
from tests.faults import logs
from tests.faults.book import FIELDS
from tests.faults.violation import Violation

SQL = Path(__file__).with_suffix(".sql")
_STATEMENT = re.compile(r"^-- name: (?P<number>I\d+) (?P<name>.+)$", re.M)
#: Every e-mail address and deal of the load has it, so that doubles are recognised.
UNIQUE = "%faults.example%"


def statements() -> dict[str, str]:
    """The statements of the script by their names."""
    text = SQL.read_text(encoding="utf-8")
    found = list(_STATEMENT.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    return {
        f"{match['number']} {match['name']}": text[match.end() : end]
        for match, end in zip(found, ends, strict=True)
    }


def violations(
    world, *, limit: int | None = None, stopped: Iterable[str] = (), log: str | None = None,
    since: str = "-infinity",
) -> list[Violation]:
    """Everything that is wrong.

    :param limit: calls in ten seconds that the account allows; None where it sets no limit
    :param stopped: lanes that may wait for a person, as `direction object key`
    :param since: from when on the order of news is looked at
    :param log: the part of Odoo's log to look at, by default all of it
    """
    stopped = list(stopped)
    log = world.odoo.log() if log is None else log
    calls = world.box.ledger()
    found = [
        *in_database(world.database, secrets_of(world), stopped, since),
        *deliveries(world),
        *doubles(calls, merges(world.box)),
        *equal(world, stopped),
        *logs.complaints(log, secrets_of(world)),
    ]
    return found + (list(rate(calls, limit)) if limit else [])


def secrets_of(world) -> list[str]:
    return [world.box.token, world.box.secret]


def in_database(
    database, secrets: list[str], stopped: list[str] = (), since: str = "-infinity"
) -> Iterator[Violation]:
    """What the script finds. Indexes are not trusted: they are what a crash may have broken."""
    words = {"secrets": secrets, "stopped": list(stopped), "unique": UNIQUE, "since": since}
    yield from _found(database, statements(), words)


def in_order(world, since: str) -> Iterator[Violation]:
    """I4 alone, of what came from `since` on: asked before anybody replays all of it."""
    chosen = {name: sql for name, sql in statements().items() if name.startswith("I4 ")}
    yield from _found(world.database, chosen, {"since": since})


def _found(database, chosen: dict[str, str], words: dict) -> Iterator[Violation]:
    connection = database.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET enable_indexscan = off; SET enable_indexonlyscan = off;"
                           "SET enable_bitmapscan = off")  # fmt: skip
            for name, sql in chosen.items():
                cursor.execute(sql, words)
                for row in cursor.fetchall():
                    yield Violation(name, str(row))
    finally:
        connection.close()


def deliveries(world) -> Iterator[Violation]:
    """I1: whatever was answered 2xx is in the log."""
    events = {
        str(event["eventId"])
        for event in _accepted(world.box)
        if isinstance(event, dict) and "eventId" in event
    }
    rows = world.database.rows(
        """SELECT DISTINCT payload::json->>'eventId' FROM sync_event
            WHERE payload IS NOT NULL AND json_typeof(payload::json) = 'object'"""
    )
    for lost in sorted(events - {row[0] for row in rows}):
        yield Violation("I1 what was accepted is stored", f"event {lost}")


def _accepted(box) -> Iterator:
    for line in _lines(box.call("GET", "deliveries").text):
        if line["accepted"]:
            yield from _events(line["body"])


def merges(box) -> dict[str, str]:
    """Id → the id of the record it was merged into. Each kind has ids of its own range here."""
    return {
        str(one["id"]): str(one["mergedInto"])
        for kind in FIELDS
        for one in box.objects(kind)
        if one.get("mergedInto")
    }


def doubles(calls: list[dict], merged: dict[str, str]) -> Iterator[Violation]:
    """I3: nothing was created twice at the account: one record for each of our own ids. A record
    that people there merged into another takes its own id along.
    """
    created: dict[str, set[str]] = {}
    for call in calls:
        for row in (call["response_body"] or {}).get("results", []) if _is_answer(call) else []:
            own = (row.get("properties") or {}).get("odoo_external_id") or ""
            if own and call["committed"] and call["method"] == "POST":
                created.setdefault(own, set()).add(_became(str(row["id"]), merged))
    for own, ids in created.items():
        if len(ids) > 1:
            yield Violation("I3 one record for each of our ids", f"{own}: {sorted(ids)}")


def _became(remote_id: str, merged: dict[str, str]) -> str:
    while remote_id in merged:
        remote_id = merged[remote_id]
    return remote_id


def rate(calls: list[dict], limit: int, period: float = 10) -> Iterator[Violation]:
    """I9: no window of `period` seconds holds more than `limit` calls, by the account's clock."""
    times = sorted(
        datetime.fromisoformat(call["time"].replace("Z", "+00:00")).timestamp()
        for call in calls
        if "oauth" not in call["path"]
    )
    for first, last in zip(times, times[limit:], strict=False):
        if last - first < period:
            found = f"{limit + 1} calls in {last - first:.2f} s"
            yield Violation("I9 never above the limit", found)
            return


def equal(world, stopped: list[str]) -> Iterator[Violation]:
    """I3, I11: both sides, read again by rules that are not ours, hold the same."""
    both = read(world)
    failing = {_place(text) for text in stopped}
    for sentence in compare.differences(both, failing):
        yield Violation("I11 both sides are equal", sentence)
    for sentence in compare.unlinked(both, failing):
        yield Violation("I11 nothing is missing in Odoo", sentence)
    for sentence in compare.duplicates(both, failing):
        yield Violation("I3 nothing is there twice", sentence)


def _place(lane: str) -> str:
    """How the comparison calls what a stopped lane is about."""
    direction, remote_object, key = lane.split(" ", 2)
    return f"{remote_object}/{key}" if direction == "in" else key


def read(world) -> sides.Sides:
    """Both sides as they are now."""
    person = world.person()

    def rows(model, domain, fields, **more):
        context = {"active_test": False, "lang": "en_US"}
        return person.call(model, "search_read", domain, fields, load=None, context=context, **more)

    return sides.read(SimpleNamespace(rows=rows), HubSpot(world.box.info), world.connection)


def echoes(world) -> Iterator[Violation]:
    """I8, I11: reconciliation finds nothing. The account is asked for everything and for all recent
    changes, and every message that is over is worked once more; nobody may write anything for it.
    """
    world.drain()
    since, moment = world.box.last_n(), world.database.value("SELECT now() AT TIME ZONE 'UTC'")
    provoke(world)
    world.drain()
    for call in world.box.ledger(since):
        if books.is_change(call):
            yield Violation("I8 no echo at the account", books.described(call))
    for row in world.database.rows(_WRITTEN, moment, moment):
        yield Violation("I8 no echo in Odoo", str(row))


_WRITTEN = """
    SELECT 'res.partner', id, name, write_date FROM res_partner WHERE write_date > %s
    UNION ALL SELECT 'crm.lead', id, name, write_date FROM crm_lead WHERE write_date > %s
"""


def provoke(world) -> None:
    """Ask for everything that could make somebody write needlessly."""
    person = world.person()
    person.call("sync.connection", "action_poll", [world.connection])
    person.call("sync.connection", "action_import", [world.connection])
    for model in ("sync.event", "sync.outbox"):
        over = [("state", "in", ["done", "superseded"])]
        ids = person.call(model, "search", over)
        for at in range(0, len(ids), 1000):
            person.call(model, "action_replay", ids[at : at + 1000])


def fencing(samples: Iterable[tuple[int, str]]) -> Iterator[Violation]:
    """I5: a token, once replaced on a lane, never comes back. `samples` are lanes and tokens in the
    order in which they were seen.
    """
    seen: dict[int, list[str]] = {}
    for lane, token in samples:
        tokens = seen.setdefault(lane, [])
        if not tokens or tokens[-1] != token:
            tokens.append(token)
    for lane, tokens in seen.items():
        for token, times in Counter(tokens).items():
            if times > 1:
                yield Violation("I5 a lost claim does not come back", f"lane {lane}: {token}")


def _is_answer(call: dict) -> bool:
    return isinstance(call["response_body"], dict) and 200 <= (call["status"] or 0) < 300


def _events(body: str) -> list:
    try:
        found = json.loads(body)
    except ValueError:
        return []
    return found if isinstance(found, list) else [found]


def _lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.split("\n") if line]
