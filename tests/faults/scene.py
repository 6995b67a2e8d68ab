"""One connected account, people at both ends, and workers that the test starts one by one.

Promises: nothing works unless the test says so (no server, no schedule), so what happens when a
worker stops at a certain point is decided by the test alone. `settle` works until nothing waits
and then holds both sides, the queue and the ledger to what must always be true.

Weakness: what the schedule of a real server adds (who wakes whom, and how soon) is not here; the
random campaign has it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from collections import Counter

import psycopg2

from tests.account import notification, sign
from tests.sandbox_process import SandboxClient

from .forks import Fork, Forks

_events = itertools.count(1)
OBJECTS = ("companies", "contacts", "deals")
CONNECT = """
connection = env['sync.connection'].create({
    'name': 'Sandbox', 'base_url': url, 'allow_private': True, 'access_token_input': token,
    'client_secret_input': secret, 'backoff_base': 1, 'backoff_cap': 4, 'max_attempts': 40,
    'poll_enabled': False,
    **values})
connection.action_test()
connection.action_create_external_id()
connection.action_discover()
connection.action_create_mappings()
result = connection.id
"""
PUBLIC_URL = "https://odoo.example.com"
#: A delivery through the receiver, signature and all; what the controller adds is HTTP.
DELIVER = """
from odoo.addons.saas_sync.engine.contracts import WebhookRequest
from odoo.addons.saas_sync.models.sync_connection_webhook import verify
connection = env['sync.connection'].browse(id)
delivery = WebhookRequest(method='POST', url=url, headers=headers, body=body.encode())
receiver = connection._find_receiver(url.rpartition('/')[2])
verify(receiver, delivery)
result = connection._receive(receiver, delivery, 'test')
"""
#: What the cron does, but that it waits for nothing: it leaves when nothing is due, and repeats a
#: call at once. A pause may also be `stop`, for a worker that sleeps like a suspended machine until
#: it is sent SIGCONT.
WORK = """
import os, signal
from odoo.addons.saas_sync.engine import http, pause
http.HttpClient.__init__.__kwdefaults__['sleep'] = lambda _seconds: None
type(env['sync.worker'])._linger = lambda *_args: False
pause._ACTIONS['stop'] = lambda: os.kill(os.getpid(), signal.SIGSTOP)
env['sync.worker']._cron_work()
"""


class Scene:
    """`database` needs the add-on; it and `box` are this scene's own."""

    def __init__(self, database, box: SandboxClient, environment=None, **values):
        self.database, self.box = database, box
        box.reset(limits={"enabled": False})
        self.forks = Forks(database, environment)
        self.connection = self.forks.run(
            CONNECT,
            url=box.url,
            token=box.token,
            secret=box.secret,
            values={"public_url": PUBLIC_URL, **values},
        )
        token = database.value("SELECT webhook_token FROM sync_connection")
        self.address = f"{PUBLIC_URL}/saas_sync/webhook/{token}"

    # --- people -------------------------------------------------------------------------------

    def odoo(self, code: str, **values):
        """Somebody at Odoo does `code`, in one transaction; the `result` it sets."""
        return self.forks.run(code, **values)

    def create(self, *names: str, **values) -> list[int]:
        vals = [{"name": name, **values} for name in names]
        return self.odoo("result = env['res.partner'].create(vals).ids", vals=vals)

    def write(self, ids: list[int], **vals) -> None:
        self.odoo("env['res.partner'].browse(ids).write(vals)", ids=ids, vals=vals)

    def enter(self, *names: str, **properties) -> list[str]:
        """Somebody at the account enters contacts; their ids."""
        changes = [{"properties": {"firstname": name, **properties}} for name in names]
        return [one["id"] for one in self.box.change("contacts", changes)["results"]]

    def tell(self, *remote_ids: str, kind="change", remote_object="contacts") -> None:
        """The account's news of these records arrive."""
        self.odoo(
            "env['sync.scan']._post_hints(env['sync.connection'].browse(id), pairs, kind)",
            id=self.connection,
            pairs=[[remote_object, remote_id] for remote_id in remote_ids],
            kind=kind,
        )

    def deliver(self, events: list[dict], at: float | None = None) -> list[int]:
        """The account delivers `events` (see `news`), signed at the time `at`; what was accepted,
        and what was known.
        """
        body = json.dumps(events)
        headers = sign(body.encode(), self.address, secret=self.box.secret, at=at)
        lower = {name.lower(): value for name, value in headers.items()}
        return self.odoo(DELIVER, id=self.connection, url=self.address, headers=lower, body=body)

    def news(self, remote_id: str, what: str = "propertyChange", **changes) -> dict:
        """An event of a contact, the next one of the account."""
        return notification(
            next(_events),
            object_id=int(remote_id),
            portalId=self.box.info["portal_id"],
            subscriptionType=f"contact.{what}",
            **changes,
        )

    # --- workers ------------------------------------------------------------------------------

    def worker(self, pause: str = "", code: str = WORK, **values) -> Fork:
        """Start a worker that stops, or dies, at the point `pause` (see engine/pause.py)."""
        return self.forks.start(code, {"SAAS_SYNC_PAUSE": pause} if pause else None, **values)

    def stopped(self, pause: str, code: str = WORK, **values) -> Fork:
        """A worker that has stopped at `pause` (`point:stop`)."""
        worker = self.worker(pause, code, **values)
        self.until(lambda: worker.is_stopped, f"the worker stands at {pause}")
        return worker

    def end_leases(self) -> None:
        """As if the time of every lease were over."""
        self.database.execute(
            "UPDATE sync_lane SET lease_until = now() AT TIME ZONE 'UTC' - interval '1 s'"
            " WHERE token IS NOT NULL"
        )

    def try_to_work(self) -> None:
        """One worker, which may fail at it."""
        self.worker().wait()

    def work(self) -> None:
        """One worker, until nothing is due."""
        self.forks.run(WORK)

    def hurry(self) -> None:
        """What backs off is due now, and an account that was down is asked again."""
        self.database.execute(
            "UPDATE sync_lane SET run_at = now() AT TIME ZONE 'UTC' WHERE state = 'waiting'"
        )
        self.database.execute("UPDATE sync_connection SET hold_until = NULL")
        self.database.execute("DELETE FROM sync_breaker")

    @staticmethod
    def until(found, what: str, seconds: float = 20):
        """Wait for `found()` to be true and return it.

        :raises AssertionError: it was not in time
        """
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            result = found()
            if result:
                return result
            time.sleep(0.05)
        raise AssertionError(f"after {seconds} s still not: {what}")

    def settle(self, rounds: int = 8, failed: int = 0) -> None:
        """Work until nothing waits any more, and check that all is well."""
        for _round in range(rounds):
            self.hurry()
            self.work()
            if not self.waiting():
                break
        assert not self.waiting(), self.lanes()
        stopped = [lane for lane in self.lanes() if lane["state"] in ("failed", "quarantined")]
        assert len(stopped) == failed, stopped
        self.check()

    # --- what both sides hold -----------------------------------------------------------------

    def waiting(self) -> list[tuple]:
        return self.database.rows(
            """SELECT 'lane', id FROM sync_lane WHERE state NOT IN ('failed', 'quarantined')
               UNION ALL SELECT 'event', id FROM sync_event
                          WHERE state = 'pending' AND lane_id IS NULL
               UNION ALL SELECT 'outbox', id FROM sync_outbox
                          WHERE state = 'pending' AND lane_id IS NULL"""
        )

    def lanes(self, where: str = "true", *values) -> list[dict]:
        rows = self.database.rows(
            f"""SELECT to_jsonb(l) - '{{create_uid,write_uid,create_date,user_id}}'::text[]
                  FROM sync_lane l WHERE {where} ORDER BY id""",
            *values,
        )
        return [row for (row,) in rows]

    def partners(self, start: str) -> list[str]:
        rows = self.database.rows(
            "SELECT name FROM res_partner WHERE active AND starts_with(name, %s) ORDER BY name",
            start,
        )
        return [name for (name,) in rows]

    def contacts(self, start: str) -> list[str]:
        """The names at the account, of what is not archived."""
        names = [
            " ".join(filter(None, map(one["properties"].get, ("firstname", "lastname"))))
            for one in self.box.objects("contacts")
            if not one["archived"] and not one.get("mergedInto")
        ]
        return sorted(name for name in names if name.startswith(start))

    def remote_ids(self, *ids: int) -> list[str]:
        rows = dict(
            self.database.rows(
                "SELECT res_id, remote_id FROM sync_link WHERE res_model = 'res.partner'"
                " AND res_id = ANY(%s)",
                list(ids),
            )
        )
        return [rows[one] for one in ids]

    def attempts(self, after: int = 0) -> list[dict]:
        rows = self.database.rows(
            "SELECT to_jsonb(a) FROM sync_attempt a WHERE id > %s ORDER BY id", after
        )
        return [row for (row,) in rows]

    # --- what must always be true -------------------------------------------------------------

    def check(self) -> None:
        """What a quiet scene can be held to at once. What costs another round of work (see
        `check_silence`) is held at the end of the scene, over all that was done in it.
        """
        self.check_queue()
        self.check_once()

    def check_queue(self) -> None:
        held = self.lanes("token IS NOT NULL OR worker IS NOT NULL OR lease_until IS NOT NULL")
        assert held == [], "a lane that nobody works is held"
        lost = self.database.rows(
            """SELECT 'event', id, state FROM sync_event WHERE state = 'pending' AND lane_id IS NULL
               UNION ALL SELECT 'outbox', id, state FROM sync_outbox
                          WHERE state = 'pending' AND lane_id IS NULL
               UNION ALL SELECT 'over, in a lane', id, state FROM sync_event
                          WHERE state NOT IN ('pending', 'failed') AND lane_id IS NOT NULL
               UNION ALL SELECT 'over, in a lane', id, state FROM sync_outbox
                          WHERE state NOT IN ('pending', 'failed') AND lane_id IS NOT NULL"""
        )
        assert lost == [], "messages in no state that leads anywhere"

    def check_once(self) -> None:
        """No record of ours is there twice at the account, and no two links share a record."""
        own = Counter(
            one["properties"].get("odoo_external_id")
            for kind in OBJECTS
            for one in self.box.objects(kind)
            if not one.get("mergedInto")
        )
        own.pop(None, None)
        own.pop("", None)
        assert [key for key, number in own.items() if number > 1] == []
        unlinked = self.database.rows(
            """SELECT remote_id FROM sync_link WHERE deleted_at IS NULL
                GROUP BY connection_id, res_model, res_id, remote_object, remote_id
               HAVING count(*) > 1"""
        )
        assert unlinked == []

    def check_silence(self) -> None:
        """Everything was said: another look finds nothing to write on either side."""
        mark, changed = self.box.last_n(), self._versions()
        links = self.database.rows(
            """SELECT remote_object, remote_id FROM sync_link
                WHERE deleted_at IS NULL AND state = 'in_sync'"""
        )
        for kind in {kind for kind, _id in links}:
            self.tell(*(one for name, one in links if name == kind), remote_object=kind)
        self.work()
        self.hurry()
        self.work()
        writes = [call["request_body"] for call in self.box.writes(after=mark)]
        assert not writes, f"another look made us write to the account: {writes}"
        assert self._versions() == changed, "another look changed records of Odoo"

    def _versions(self):
        return self.database.rows("SELECT id, write_date FROM res_partner ORDER BY id")

    def check_secrets(self) -> None:
        log = self.forks.log()
        assert [one for one in (self.box.token, self.box.secret) if one in log] == []

    def tidy(self) -> None:
        """End the workers that a test has left, and the faults of the account."""
        self.forks.kill()
        self.box.call("DELETE", "faults")

    def stop(self) -> None:
        self.forks.stop()
        self.box.stop()
        self.database.drop()


_FAILING = """
    CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- A sequence counts on where a transaction is rolled back.
        IF nextval('fault_' || TG_TABLE_NAME) <= TG_ARGV[1]::bigint THEN
            RAISE EXCEPTION 'a fault of the test' USING ERRCODE = TG_ARGV[0];
        END IF;
        RETURN NEW;
    END $$;
"""


@contextlib.contextmanager
def failing(database, tables, code: str, times: int):
    """The first so many rows written to each of `tables` meet PostgreSQL's error `code` (SQLSTATE).

    Gives a function that tells which tables still have some of it to come.
    """
    database.execute(_FAILING)
    for table in tables:
        database.execute(
            f"CREATE SEQUENCE fault_{table};"
            f"CREATE TRIGGER fault BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW"
            f" EXECUTE FUNCTION fault('{code}', '{times}')"
        )

    def left() -> list[str]:
        last = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM fault_"
        return [table for table in tables if database.value(last + table) < times]

    try:
        yield left
    finally:
        for table in tables:
            database.execute(f"DROP TRIGGER fault ON {table}; DROP SEQUENCE fault_{table}")


@contextlib.contextmanager
def transaction(database):
    """Somebody else's session on a scene's database; what it holds ends with the block."""
    connection = psycopg2.connect(dbname=database.name)
    try:
        yield connection.cursor()
    finally:
        connection.rollback()
        connection.close()


def body_of(call: dict) -> dict:
    """What a call in the ledger said."""
    body = call["request_body"]
    return json.loads(body) if isinstance(body, str) else body or {}
