"""Whatever happens, indexes and records agree: a state machine against a plain model."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from sandbox.core.clock import Clock
from sandbox.core.delivery import Postman
from sandbox.hubspot.account import Account
from sandbox.hubspot.config import Options
from sandbox.hubspot.errors import ApiError
from sandbox.hubspot.kinds import KINDS
from sandbox.hubspot.webhooks import Format

CONTACTS, COMPANIES = KINDS["contacts"], KINDS["companies"]
EMAILS = st.sampled_from(["a@x.example", "b@x.example", "c@x.example", ""])


class Contacts(RuleBasedStateMachine):
    """Creates, changes, archives, restores, merges and associates contacts."""

    live = Bundle("live")
    archived = Bundle("archived")

    def __init__(self) -> None:
        super().__init__()
        clock = Clock()
        self.account = Account(Options(), clock, Postman(Format("s"), clock))
        self.store = self.account.store
        self.actor = self.account.person()
        self.companies = [self.create(COMPANIES, {"name": name}) for name in "XY"]

    def create(self, kind, properties):
        return self.store.commit(self.store.plan(kind, None, properties), self.actor)

    def taken(self, email: str, but: object = None) -> bool:
        for record in self.store.table(CONTACTS):
            held = [record.properties.get("email", "")]
            held += record.properties.get("hs_additional_emails", "").split(";")
            if record is not but and not record.archived and email and email in held:
                return True
        return False

    @rule(target=live, email=EMAILS)
    def add(self, email):
        taken = self.taken(email)
        try:
            record = self.create(CONTACTS, {"email": email, "firstname": "A"})
        except ApiError as error:
            assert error.status == 409
            assert taken
            return self.create(CONTACTS, {"firstname": "B"})
        assert not taken
        return record

    @rule(record=live, email=EMAILS)
    def change(self, record, email):
        record = self.store.table(CONTACTS).get(record.id)
        if record.archived:
            return
        taken = self.taken(email, but=record)
        try:
            self.store.commit(self.store.plan(CONTACTS, record, {"email": email}), self.actor)
        except ApiError as error:
            assert error.status == 409
            assert taken
        else:
            assert not taken

    @rule(target=archived, record=consumes(live))
    def archive(self, record):
        record = self.store.table(CONTACTS).get(record.id)
        if not record.archived:
            self.store.archive(record, self.actor)
        return record

    @rule(target=live, record=consumes(archived))
    def restore(self, record):
        if record.archived and not record.merged_into:
            try:
                self.store.restore(record, self.actor)
            except ApiError:
                return self.create(CONTACTS, {"firstname": "C"})
        return record

    @rule(first=live, second=live)
    def merge(self, first, second):
        first, second = (self.store.table(CONTACTS).get(record.id) for record in (first, second))
        if first is not second and not first.archived and not second.archived:
            self.account.merger.merge(first, second, self.actor)

    @rule(record=live, company=st.integers(0, 1), primary=st.booleans())
    def associate(self, record, company, primary):
        record = self.store.table(CONTACTS).get(record.id)
        types = self.account.associations.types_of(CONTACTS, COMPANIES)
        company = self.companies[company]
        if not record.archived and not company.archived:
            wanted = [types[1] if primary else types[279]]
            self.account.associations.add(record, company, wanted, self.actor)

    @rule(record=live, company=st.integers(0, 1))
    def disassociate(self, record, company):
        record, company = self.store.table(CONTACTS).get(record.id), self.companies[company]
        if not record.archived and not company.archived:
            self.account.associations.remove(record, company, None, self.actor)

    @rule(company=st.integers(0, 1))
    def archive_or_restore_a_company(self, company):
        company = self.companies[company]
        if company.archived:
            self.store.restore(company, self.actor)
        else:
            self.store.archive(company, self.actor)

    @invariant()
    def every_live_email_finds_its_record_and_nothing_else_does(self):
        table = self.store.table(CONTACTS)
        expected = {}
        for record in table:
            if not record.archived:
                held = [record.properties.get("email", "")]
                held += record.properties.get("hs_additional_emails", "").split(";")
                for email in filter(None, held):
                    assert email not in expected
                    expected[email] = record.id
        assert table.unique.get("email", {}) == expected

    @invariant()
    def both_ends_of_an_association_agree_and_one_company_is_primary(self):
        associations = self.account.associations
        for record in self.store.table(CONTACTS):
            if record.archived:
                continue
            found = associations.of(record, COMPANIES)
            primary = [number for number, types in found.items() if any(t.primary for t in types)]
            assert len(primary) <= 1
            held = record.properties.get("associatedcompanyid")
            assert held == (primary[0] if primary else None)
            for company in self.companies:
                if company.archived:
                    continue
                back = associations.of(company, CONTACTS).get(record.id, [])
                there = found.get(company.id, [])
                assert {row.inverse for row in there} == {row.id for row in back}

    @invariant()
    def a_list_is_in_the_order_of_ids_and_complete(self):
        table = self.store.table(CONTACTS)
        ids = [int(record.id) for record in table.after(0)]
        assert ids == sorted(int(number) for number in table.records)


TestContacts = Contacts.TestCase
TestContacts.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
