"""What the faults of a slice share: weather and answers that several faults want at once, and the
few things only a person, or time, puts right again.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Iterator

import psycopg2
import requests

from tests.faults.catalog import Missed
from tests.faults.rescue import RescueWatch
from tests.faults.world import World

#: A day later, as far as the account's limits are concerned.
_LATER = """
    UPDATE sync_connection SET hold_until = NULL WHERE hold_until IS NOT NULL;
    UPDATE sync_budget SET tat = now() AT TIME ZONE 'UTC', used = 0
     WHERE tat > now() AT TIME ZONE 'UTC' + interval '20 s';
    UPDATE sync_lane SET run_at = now() AT TIME ZONE 'UTC'
     WHERE state = 'waiting' AND run_at > now() AT TIME ZONE 'UTC' + interval '20 s'
"""


FAR_AWAY = {"latency": 0.02, "jitter": 0.03}


class Stack:
    """Settings of several faults at once; the newest wins where two name the same. `base` is how it
    is without any.
    """

    def __init__(self, apply, base=None):
        self._apply, self._layers = apply, [base or {}]
        apply(self._layers)

    @contextlib.contextmanager
    def holding(self, layer) -> Iterator[None]:
        self._layers.append(layer)
        self._apply(self._layers)
        try:
            yield
        finally:
            self._layers = [one for one in self._layers if one is not layer]
            self._apply(self._layers)


class Answers:
    """The account's faults. Every change of them replaces all, so what a rule has hit is collected
    before, and counts on.
    """

    def __init__(self, box):
        self._box, self._rules = box, []
        self._hits: dict[int, int] = {}

    @contextlib.contextmanager
    def holding(self, rule: dict) -> Iterator[None]:
        """`rule` has a `count`."""
        self._change([*self._rules, rule])
        try:
            yield
        finally:
            self._change([one for one in self._rules if one is not rule])

    def hits(self, rule: dict) -> int:
        """How many calls the rule has hit until it was lifted."""
        return self._hits.get(id(rule), 0)

    def _change(self, rules: list[dict]) -> None:
        states = self._box.call("GET", "faults").json()["faults"]
        for rule, state in zip(self._rules, states, strict=False):
            self._hits[id(rule)] = self.hits(rule) + state["hits"]
        self._rules = rules
        left = ({**rule, "count": max(rule["count"] - self.hits(rule), 0)} for rule in rules)
        self._box.faults(*left)


class Trouble:
    """`world` with its weather: `remote` and `postgres` (networks), `answers` (the account's)."""

    def __init__(self, world: World, watch: RescueWatch):
        self.world, self.watch = world, watch
        # The account is on another continent: claims last as long as they do in production.
        self.remote = Stack(lambda layers: world.remote.set(**_merged(layers)), FAR_AWAY)
        self.postgres = Stack(lambda layers: world.postgres.set(**_merged(layers)))
        self.answers = Answers(world.box)

    def until(self, found):
        """What `found()` returns as soon as it is something.

        :raises Missed: it was nothing for a second
        """
        limit = time.monotonic() + 1
        while not (result := found()):
            if time.monotonic() > limit:
                raise Missed
            time.sleep(0.01)
        return result

    def records(self, rng: random.Random, most: int) -> list[int]:
        """Some of the partners that are synchronised."""
        rows = self.world.database.rows(
            "SELECT res_id FROM sync_link WHERE res_model = 'res.partner' AND deleted_at IS NULL"
        )
        return rng.sample([row[0] for row in rows], min(most, len(rows)))

    def a_day_passes(self) -> None:
        """The account's limits are over: what a person would wait for, and the campaign cannot."""
        with contextlib.suppress(psycopg2.Error):
            for statement in _LATER.split(";"):
                self.world.database.execute(statement)

    def reconnect(self) -> None:
        """What the administrator does who is told that the sign-in was refused."""
        world = self.world
        with contextlib.suppress(psycopg2.Error, AssertionError, requests.RequestException):
            state = "SELECT state FROM sync_connection WHERE id = %s"
            if world.database.value(state, world.connection) == "needs_auth":
                world.person().call("sync.connection", "action_test", [world.connection])

    @contextlib.contextmanager
    def session(self) -> Iterator:
        """A session of somebody else's on the database; its transaction ends with the block.

        It waits a second for a row. Who holds it may be held up by another fault, and that one
        would not be lifted while we wait.
        """
        words = {**self.world.server.words, "options": "-c lock_timeout=1000"}
        connection = psycopg2.connect(dbname=self.world.database.name, **words)
        try:
            yield connection
        finally:
            # Whoever still waits with it, in another thread, would hold up the rest. There is
            # nothing to cancel where the server has gone.
            with contextlib.suppress(psycopg2.Error):
                connection.cancel()
            connection.close()

    @contextlib.contextmanager
    def meanwhile(self, work) -> Iterator[None]:
        """Repeat `work()` in a thread until the block ends; losing the database ends it sooner."""
        over = threading.Event()

        def repeat() -> None:
            while not over.is_set():
                try:
                    work()
                except psycopg2.Error:  # a server that dies is a plain DatabaseError
                    if over.wait(0.2):
                        return

        thread = threading.Thread(target=repeat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(30)


def _merged(layers: list[dict]) -> dict:
    return {name: value for layer in layers for name, value in layer.items()}
