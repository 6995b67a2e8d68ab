"""The order of events, and the table that accounts for them.

Every chapter does something for real, waits until it is all worked, and adds its numbers, with what
they have to be, to the table. The seed makes them the same in every run; times are not.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from . import (
    books,
    clerks,
    compare,
    connect,
    deliveries,
    echoes,
    failures,
    labour,
    people,
    sides,
    traffic,
)
from .accounts import KINDS, HubSpot
from .hub import Hub
from .report import Table, at_least, at_most
from .stage import Stage

SEED = 19
RECORDS = sum(HubSpot.seed[kind] for kind in KINDS)


class Story:
    """`tell` fills `table`; `remarks` are sentences about what is not as it must be."""

    def __init__(self, stage: Stage):
        self.stage = stage
        self.table = Table()
        self.remarks: list[str] = []
        self.connection = 0
        self._rng = random.Random(SEED)

    def tell(self, show: Callable[[Table], None]) -> None:
        """Everything; `show` is called once, with the whole table."""
        self.stage.hubspot.reset(seed_data=HubSpot.seed)
        self.connection = connect.connect(self.stage, self.stage.hubspot)
        connect.subscribe(self.stage, self.stage.hubspot, self.connection)
        self._import()
        self._day_at_hubspot()
        self._day_in_odoo()
        self._echoes()
        self._failures()
        self._repair()
        self._both_sides()
        hub = Hub(self.stage, self.table, self.connection, self._rng)
        hub.tell()
        self.remarks += hub.remarks
        show(self.table)

    # --- chapters -----------------------------------------------------------------------------

    def _import(self) -> None:
        moment, call = self.stage.database.now(), self.stage.hubspot.calls
        seconds = connect.run_import(self.stage, self.stage.hubspot, self.connection, RECORDS)
        created, _updated = self.stage.database.touched(moment)
        self.table.section("Import: what HubSpot had before")
        self.table.add("records at HubSpot", RECORDS)
        self.table.add("records created in Odoo", created, RECORDS)
        self.table.add("failures", len(failures.failing_places(self.stage)), 0)
        self._calls(call, RECORDS)
        self.table.add("rate", RECORDS / seconds, note=f"records/s ({seconds:.1f} s)")

    def _day_at_hubspot(self) -> None:
        events = traffic.collect(self.stage, self._rng)
        post = deliveries.compose(events, traffic.forged(events), self._rng)
        mark, moment = self.stage.drain.mark(), self.stage.database.now()
        call = self.stage.hubspot.calls
        sent = traffic.send(self.stage, self.connection, post)
        seconds = self.stage.drain.wait("Working what arrived", mark, len(events))
        self._arrived(post, sent)
        self._stored(events, post, mark.event)
        created, updated = self.stage.database.touched(moment)
        self.table.add("records created in Odoo", created, sum(people.CREATED.values()))
        self.table.add("records updated in Odoo", updated, at_least(1))
        self._calls(call, len(events), "event")
        self._pace("sync_event", mark.event, len(events) / seconds, "events/s", seconds)

    def _day_in_odoo(self) -> None:
        mark, call = self.stage.drain.mark(), self.stage.hubspot.calls
        told = len(self.stage.hubspot.deliveries())
        changed, requests = labour.work(self.stage, self.connection, self._rng)
        seconds = self.stage.drain.wait("Sending it to HubSpot", mark, changed)
        calls = books.classify(self.stage.hubspot.ledger(call))
        self.table.section(f"A day in Odoo: {clerks.TOTAL} records changed through its API")
        self.table.add("records changed in Odoo", changed, clerks.TOTAL, f"{requests} API calls")
        self.table.add("records written at HubSpot", len(calls.written), changed - clerks.REFUSED)
        self.table.add("records that HubSpot cannot take", clerks.REFUSED, note="see Failures")
        self._calls(call, changed)
        echoed = len(self.stage.hubspot.deliveries(after=told))
        self.table.add("deliveries about our own writes", echoed, note="worked, nothing to do")
        self._pace("sync_outbox", mark.message, changed / seconds, "records/s", seconds)

    def _echoes(self) -> None:
        heard = echoes.listen(self.stage, {self.connection: self.stage.hubspot})
        self.table.section("Echoes")
        silence = f"{echoes.SILENCE_SECONDS} s of silence"
        [(label, remote)] = heard.remote.items()
        self.table.add(f"writes at {label} in {silence}", heard.in_silence[label], 0)
        self.table.add("messages worked again, plus a poll", heard.replayed, at_least(1000))
        reads = f"{heard.reads[label]} reads"
        self.table.add(f"writes at {label} because of it", len(remote), 0, reads)
        self.table.add("records written in Odoo because of it", len(heard.odoo), 0)
        self.remarks += [*remote, *heard.odoo]

    def _failures(self) -> None:
        causes = failures.causes(self.stage, self.connection)
        total = sum(len(cause.lanes) for cause in causes)
        self.table.section("Failures, each with its sentence and a button that replays it")
        self.table.add("records", total, people.FAILURES + clerks.REFUSED)
        for cause in causes:
            label = f"  {cause.error_class} × {len(cause.lanes)}"
            self.table.add(label, cause.sentence)
        self.table.add("where to see them", failures.screen(self.stage))

    def _repair(self) -> None:
        causes = failures.causes(self.stage, self.connection)
        lost = [cause for cause in causes if people.UNKNOWN_COUNTRY in (cause.sentence or "")]
        before = sum(len(cause.lanes) for cause in causes)
        failures.correct_country(self.stage)
        mark = self.stage.drain.mark()
        for cause in lost:
            failures.replay(self.stage, cause)
        self.stage.drain.wait("Replaying one cause", mark)
        after = sum(len(cause.lanes) for cause in failures.causes(self.stage, self.connection))
        self.table.section(f"One cause repaired: {people.UNKNOWN_COUNTRY} corrected, replayed")
        self.table.add("failures before", before)
        self.table.add("failures after", after, clerks.REFUSED)
        connect.subscribe(self.stage, self.stage.hubspot, self.connection)

    def _both_sides(self) -> None:
        both = sides.read(self.stage.erp, self.stage.hubspot, self.connection)
        failing = failures.failing_places(self.stage)
        compared = compare.in_step(both, failing)
        fields = sum(len(both.lines[link["remote_object"]]) for link in compared)
        self.table.section("Both sides, read again and compared")
        self.table.add("records compared", len(compared), at_least(RECORDS))
        self.table.add("fields compared", fields)
        self._none("fields that differ", compare.differences(both, failing))
        self._none("HubSpot records missing in Odoo", compare.unlinked(both, failing))
        self._none("duplicates on either side", compare.duplicates(both, failing))

    # --- rows that several chapters have ------------------------------------------------------

    def _arrived(self, post: deliveries.Post, sent: traffic.Sent) -> None:
        self.table.section("A day at HubSpot: 1,000 webhook deliveries, shuffled")
        self.table.add("deliveries sent", sent.total, deliveries.TOTAL)
        self.table.add("  accepted (202)", sent.answers.get(202, 0), post.answers[202])
        self.table.add("  unreadable, refused (400)", sent.answers.get(400, 0), post.answers[400])
        self.table.add("  badly signed, refused (401)", sent.answers.get(401, 0), post.answers[401])
        median, slow = sent.answer_ms
        rate = sent.total / sent.seconds
        self.table.add(
            "  rate", rate, note=f"deliveries/s; answer {median:.0f} ms, 95 % in {slow:.0f} ms"
        )

    def _stored(self, events: list[dict], post: deliveries.Post, after: int) -> None:
        ids = [event["eventId"] for event in events]
        rows, different = self.stage.database.stored(ids, after)
        arrived = post.fresh_events + post.duplicate_events
        states = self.stage.database.states("sync_event", after)
        ended = ", ".join(f"{count:,} {state}" for state, count in states.items())
        self.table.add("events in them", arrived, note=f"{post.fresh_events:,} different ones")
        self.table.add("  stored", rows, post.fresh_events)
        self.table.add("  duplicates refused", arrived - different, post.duplicate_events)
        misfits = len(deliveries.MISFITS)
        contract = self.stage.database.misfits(after)
        self.table.add("  of no known shape, kept and shown", contract, misfits)
        behind, _ = self.stage.database.stored([traffic.FORGED_ID], after)
        self.table.add("  left behind by refused deliveries", behind, 0)
        self.table.add("  how they ended", ended)

    def _calls(self, since: int, count: int, of: str = "record") -> None:
        calls = books.classify(self.stage.hubspot.ledger(since))
        note = (
            f"{calls.total / count:.3f} a {of}: {calls.reads} reads, {calls.searches} searches,"
            f" {calls.writes} writes, {calls.links} links"
        )
        self.table.add("HubSpot API calls", calls.total, at_most(count), note)
        self.table.add("  answered 429", calls.limited, 0)

    def _pace(self, table: str, after: int, rate: float, unit: str, seconds: float) -> None:
        median, slow = self.stage.database.latencies(table, after)
        self.table.add("rate", rate, note=f"{unit} ({seconds:.1f} s)")
        self.table.add("latency", f"{median:.1f} s median, {slow:.1f} s for 95 %")

    def _none(self, label: str, sentences) -> None:
        found = list(sentences)
        self.table.add(label, len(found), 0)
        self.remarks += found
