"""Whatever is done and taken back, the org is as it was, its indexes included."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.core.clock import Clock
from sandbox.salesforce import founding
from sandbox.salesforce.config import Options
from sandbox.salesforce.custom_fields import CustomFields
from sandbox.salesforce.dml import Caller, Dml
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.locks import Locks
from sandbox.salesforce.store import Store

KEYS = st.sampled_from(["1", "2", "3"])
STEP = st.one_of(
    st.tuples(st.just("upsert"), KEYS, st.sampled_from(["A", "", "x" * 300])),
    st.tuples(st.just("contact"), KEYS, st.sampled_from(["a@example.org", "?"])),
    st.tuples(st.just("delete"), KEYS, st.just("")),
    st.tuples(st.just("undelete"), KEYS, st.just("")),
)
STEPS = st.lists(STEP, max_size=12)


class World:
    """A store with its rows by external id."""

    def __init__(self) -> None:
        options = Options()
        clock = Clock()
        self.store = Store(options, clock)
        users = founding.found(self.store)
        CustomFields(self.store, users.integration).of_options()
        self.store.commit()
        self.caller = Caller(users.integration)
        self.dml = Dml(self.store, Locks(options, clock))
        self.account = self.store.schema.objects["account"]
        self.contact = self.store.schema.objects["contact"]

    def do(self, step: tuple[str, str, str]) -> None:
        mark = self.store.mark()
        try:
            self._do(*step)
        except ApiError:
            self.store.rollback(mark)

    def _do(self, what: str, key: str, value: str) -> None:
        if what == "upsert":
            self.dml.upsert(self.account, "Odoo_Id__c", key, {"Name": value}, self.caller)
        elif what == "contact":
            raw = {"LastName": "C", "Email": value, "Account": {"Odoo_Id__c": key}}
            self.dml.insert(self.contact, raw, self.caller)
        elif what == "delete":
            found = self.dml.lookup(self.account, "Odoo_Id__c", key, "")
            if found is not None:
                self.dml.delete(self.account, found.id, self.caller)
        else:
            for row in list(self.store.rows(self.account, deleted=True)):
                taken = self.dml.lookup(self.account, "Odoo_Id__c", key, "")
                if row.deleted and row.get("Odoo_Id__c") == key and taken is None:
                    self.store.undelete(row, self.caller.user)

    def picture(self) -> tuple:
        """Everything there is, as rows and as the indexes find it."""
        rows = {name: dict(table.rows) for name, table in self.store.tables.items()}
        key, email = self.account.field("Odoo_Id__c"), self.contact.field("Email")
        reference = self.contact.field("AccountId")
        accounts = self.store.table(self.account)
        contacts = self.store.table(self.contact)
        found = {k: [row.id for row in accounts.find(key, k)] for k in "123"}
        mails = sorted(row.id for row in contacts.find(email, "a@example.org"))
        children = {
            row: sorted(one.id for one in contacts.find(reference, row)) for row in accounts.rows
        }
        return rows, found, mails, children


@settings(max_examples=60, deadline=None)
@given(before=STEPS, after=STEPS)
def test_what_is_taken_back_never_was(before, after):
    world = World()
    for step in before:
        world.do(step)
    world.store.commit()
    picture, told = world.picture(), []
    world.store.on_events = told.extend
    for step in after:
        world.do(step)
    world.store.rollback()
    world.store.commit()
    assert world.picture() == picture
    assert told == []


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_an_index_finds_what_a_look_at_every_row_finds(steps):
    world = World()
    world.picture()  # the indexes are made now and kept up from here on
    for step in steps:
        world.do(step)
    rows, found, mails, children = world.picture()
    live = [row for row in rows["Account"].values() if not row.deleted]
    for key in "123":
        assert sorted(found[key]) == sorted(r.id for r in live if r.get("Odoo_Id__c") == key)
        assert len(found[key]) <= 1
    people = [row for row in rows["Contact"].values() if not row.deleted]
    assert mails == sorted(row.id for row in people if row.get("Email"))
    assert sum(map(len, children.values())) == len(people)
