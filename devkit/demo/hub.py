"""Both accounts at once: Salesforce joins, an hour at three places, silence, three sides compared.

The chapters of the story in which Odoo is the hub. Each adds its numbers, with what they have to
be, to the story's table, the same rows for each account. Weakness: which of two records is the
newer one is never a question here: nobody changes one field at two places.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import books, compare, connect, crowd, echoes, failures, organisation, sides
from .account import Account
from .drain import Mark
from .progress import Progress
from .report import Table, at_least, at_most
from .stage import Stage

#: Of each delivery's notifications, how many arrive twice.
TWICE = 0.25
#: What Salesforce cannot take of what Odoo has: two addresses that are none, and two first names of
#: more than 40 letters, which HubSpot takes.
REFUSED = 4
#: Records of Odoo that are there before Salesforce joins, at least.
RECORDS = 700


@dataclass(frozen=True)
class Line:
    """An account and the connection to it."""

    account: Account
    connection: int


class Hub:
    """`tell` fills `table`; `remarks` are sentences about what is not as it must be."""

    def __init__(self, stage: Stage, table: Table, hubspot: int, rng: random.Random):
        self.stage, self.table, self._rng = stage, table, rng
        self.lines = [Line(stage.hubspot, hubspot)]
        self.remarks: list[str] = []
        self._joined: Mark | None = None

    def tell(self) -> None:
        self._join()
        self._hour()
        self._echoes()
        self._three_sides()

    # --- chapters -----------------------------------------------------------------------------

    def _join(self) -> None:
        """Salesforce is connected, imported, and gets what Odoo has."""
        there, shared = organisation.founded(self.stage)
        connection = connect.connect(self.stage, self.stage.salesforce)
        self.lines.append(Line(self.stage.salesforce, connection))
        connect.subscribe(self.stage, self.stage.salesforce, connection)
        mark, calls = self.stage.drain.mark(), self._calls_so_far()
        self._joined, moment = mark, self.stage.database.now()
        seconds = connect.run_import(self.stage, self.stage.salesforce, connection, there)
        created, _updated = self.stage.database.touched(moment)
        looked_at, more = connect.send_all(self.stage, connection)
        self.table.section("Salesforce joins: what it had, and what Odoo has, HubSpot's included")
        self.table.add("records at Salesforce", there)
        self.table.add("  created in Odoo", created, there - shared)
        self.table.add("  recognised by their address", there - created, shared)
        self.table.add("records of Odoo looked at", looked_at, at_least(RECORDS))
        self._account_rows(mark, calls)
        self._failures(connection)
        rate = (there + looked_at) / (seconds + more)
        self.table.add("rate", rate, note=f"records/s ({seconds + more:.1f} s)")

    def _hour(self) -> None:
        """People change things at three places; everything is shuffled, some arrives twice."""
        people, deals = self._known("contacts", "Contact"), self._known("deals", "Opportunity")
        changes = crowd.hour(people, deals, self._rng)
        for line in self.lines:
            line.account.webhooks(shuffle=True, duplicate_rate=TWICE, seed=19)
        mark, calls = self.stage.drain.mark(), self._calls_so_far()
        moment = self.stage.database.now()
        told = {line.connection: len(line.account.deliveries()) for line in self.lines}
        with Progress("An hour at three places", len(changes)) as bar:
            self._live_through(changes, bar)
        seconds = self.stage.drain.wait("Until all three agree", mark, len(changes))
        created, updated = self.stage.database.touched(moment)
        title = f"An hour at three places: {len(changes)} changes"
        self.table.section(f"{title}, the post shuffled and some of it twice")
        for place, words in crowd.WHERE.items():
            self.table.add(f"changes {words}", len(crowd.at(place, changes)))
        births = sum(one.known is None for one in changes)
        self.table.add("records created in Odoo", created, births)
        self.table.add("records updated in Odoo", updated, at_least(1))
        for line in self.lines:
            sent = len(line.account.deliveries()) - told[line.connection]
            self.table.add(f"{line.account.label}: deliveries", sent, at_least(1))
            self._written(line, calls, crowd.to_write(line.account.provider, changes))
        self._account_rows(mark, calls)
        self.table.add("rate", len(changes) / seconds, note=f"changes/s ({seconds:.1f} s)")

    def _echoes(self) -> None:
        lines = {one.connection: one.account for one in self.lines}
        heard = echoes.listen(self.stage, lines, self._joined)
        self.table.section("Echoes, with both accounts connected")
        for account, writes in heard.in_silence.items():
            silence = f"{account}: writes in {echoes.SILENCE_SECONDS} s of silence"
            self.table.add(silence, writes, 0)
        self.table.add("messages worked again, plus both polls", heard.replayed, at_least(1000))
        for account, calls in heard.remote.items():
            self.table.add(f"{account}: writes because of it", len(calls), 0)
            self.remarks += calls
        self.table.add("records written in Odoo because of it", len(heard.odoo), 0)
        self.remarks += heard.odoo

    def _three_sides(self) -> None:
        failing = failures.failing_places(self.stage)
        self.table.section("All three, read again and compared")
        for line in self.lines:
            both = sides.read(self.stage.erp, line.account, line.connection)
            label, compared = line.account.label, compare.in_step(both, failing)
            self.table.add(f"{label}: records compared with Odoo", len(compared), at_least(500))
            fields = sum(len(both.lines[link["remote_object"]]) for link in compared)
            self.table.add("  fields compared", fields)
            self._none("  fields that differ", compare.differences(both, failing))
            self._none("  records missing in Odoo", compare.unlinked(both, failing))
            self._none("  duplicates on either side", compare.duplicates(both, failing))

    # --- rows ---------------------------------------------------------------------------------

    def _account_rows(self, mark: Mark, since: Mapping[str, int]) -> None:
        """What each account was asked, how long it took, what came back, what waits."""
        for line in self.lines:
            label, connection = line.account.label, line.connection
            entries = line.account.ledger(since[line.account.provider])
            calls, database = books.classify(entries), self.stage.database
            ended = database.ended(mark.event, mark.message, mark.attempt, connection)
            each = f"{_each(calls.inward, ended.events)} in, {_each(calls.outward, ended.messages)}"
            self.table.add(f"{label}: API calls", calls.total, at_most(ended.total), f"{each} out")
            self.table.add("  over a limit", calls.limited, 0)
            for word, table, after in (
                ("in", "sync_event", mark.event), ("out", "sync_outbox", mark.message),
            ):  # fmt: skip
                median, slow = database.latencies(table, after, connection)
                self.table.add(f"  latency {word}", f"{median:.1f} s median, {slow:.1f} s for 95 %")
            self.table.add("  echoes and repetitions, nothing to do", ended.idle, note="events")
            self.table.add("  waits", database.waiting_for(connection), 0)

    def _failures(self, connection: int) -> None:
        causes = failures.causes(self.stage, connection)
        total = sum(len(cause.lanes) for cause in causes)
        self.table.add("records that Salesforce cannot take", total, REFUSED)
        for cause in causes:
            self.table.add(f"  {cause.error_class} × {len(cause.lanes)}", cause.sentence)

    def _written(self, line: Line, since: Mapping[str, int], must: int) -> None:
        calls = books.classify(line.account.ledger(since[line.account.provider]))
        self.table.add("  records written", len(calls.written), must)

    def _none(self, label: str, sentences) -> None:
        found = list(sentences)
        self.table.add(label, len(found), 0)
        self.remarks += found

    # --- doing --------------------------------------------------------------------------------

    def _calls_so_far(self) -> dict[str, int]:
        return {account.provider: account.calls for account in self.stage.accounts}

    def _known(self, *kinds: str) -> list[crowd.Known]:
        """The records that both accounts and Odoo know and agree on."""
        found: dict[tuple[str, int], dict[str, Any]] = {}
        for line in self.lines:
            domain = [
                ("connection_id", "=", line.connection), ("state", "=", "in_sync"),
                ("deleted_at", "=", False), ("remote_object", "in", list(kinds)),
            ]  # fmt: skip
            for link in self.stage.erp.rows(
                "sync.link", domain, ["res_model", "res_id", "remote_id"], order="id"
            ):
                key = (link["res_model"], link["res_id"])
                found.setdefault(key, {crowd.ODOO: link["res_id"]})
                found[key][line.account.provider] = link["remote_id"]
        whole = [ids for ids in found.values() if len(ids) == len(crowd.PLACES)]
        # Odoo's own ids depend on which of its workers was faster.
        whole.sort(key=lambda ids: int(ids[crowd.HUBSPOT]))
        return [crowd.Known(ids) for ids in whole]

    def _live_through(self, changes: list[crowd.Change], bar: Progress) -> None:
        """All of it in one mixed order; an account gets one call a change, as from a person."""
        accounts = {account.provider: account for account in self.stage.accounts}
        self._rng.shuffle(changes)
        for done, one in enumerate(changes):
            bar.show(done)
            if one.place == crowd.ODOO:
                self._at_desk(one)
            else:
                row = {"properties": _as_typed(one)} | ({"id": one.key} if one.key else {})
                accounts[one.place].change(one.kind, [row])

    def _at_desk(self, one: crowd.Change) -> None:
        if one.key:
            self.stage.erp.call(one.kind, "write", [one.key], vals=one.values)
        else:
            self.stage.erp.call(one.kind, "create", vals_list=[one.values])


def _as_typed(one: crowd.Change) -> dict[str, Any]:
    """HubSpot's properties are texts."""
    if one.place == crowd.HUBSPOT:
        return {name: str(value) for name, value in one.values.items()}
    return one.values


def _each(calls: int, count: int) -> str:
    return f"{calls / count:.3f} a record" if count else f"{calls}"
