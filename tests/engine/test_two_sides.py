"""Two sides, a wire that shuffles and duplicates, workers that die: they converge, then silence."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from two_sides import KEYS, World

values = st.dictionaries(st.sampled_from(KEYS), st.sampled_from((None, 'x', 'y', 'z')), min_size=1)
crashes = st.sampled_from((None, None, 'before', 'after_work'))
#: Messages that may be worked off after the last change before silence counts as lost.
PATIENCE = 12


class TwoSides(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.world = World()

    def pick(self, data, items):
        return data.draw(st.sampled_from(sorted(items)))

    # --- what people and the network do -----------------------------------------------------------

    @rule(changed=values)
    def a_person_creates_in_odoo(self, changed):
        self.world.person_creates_in_odoo(changed)

    @rule(changed=values)
    def a_person_creates_at_the_remote(self, changed):
        self.world.person_creates_at_remote(changed)

    @precondition(lambda self: self.world.odoo.records)
    @rule(data=st.data(), changed=values)
    def a_person_edits_in_odoo(self, data, changed):
        self.world.person_edits_odoo(self.pick(data, self.world.odoo.records), changed)

    @precondition(lambda self: self.world.remote)
    @rule(data=st.data(), changed=values)
    def a_person_edits_at_the_remote(self, data, changed):
        self.world.person_edits_remote(self.pick(data, self.world.remote), changed)

    @precondition(lambda self: self.world.wire)
    @rule(data=st.data(), duplicate=st.booleans())
    def a_notification_arrives_at_any_time(self, data, duplicate):
        self.world.deliver(self.pick(data, range(len(self.world.wire))), duplicate)

    # --- what the workers do, dying now and then --------------------------------------------------

    @precondition(lambda self: self.world.odoo.inbox)
    @rule(data=st.data(), crash=crashes)
    def a_worker_takes_something_in(self, data, crash):
        self.world.process_in(self.pick(data, self.world.odoo.inbox), crash)

    @precondition(lambda self: self.world.odoo.outbox)
    @rule(data=st.data(), crash=crashes)
    def a_worker_sends_something_out(self, data, crash):
        self.world.process_out(self.pick(data, self.world.odoo.outbox), crash)

    @precondition(lambda self: any(link.conflicts for link in self.world.odoo.links.values()))
    @rule(data=st.data(), remote_wins=st.booleans())
    def a_person_settles_a_conflict(self, data, remote_wins):
        conflicts = [key for key, link in self.world.odoo.links.items() if link.conflicts]
        self.world.person_settles_conflict(self.pick(data, conflicts), remote_wins)

    # --- what always holds ------------------------------------------------------------------------

    @invariant()
    def no_record_exists_twice_on_either_side(self):
        if not hasattr(self, 'world'):
            return
        named = [record.external_id for record in self.world.remote.values() if record.external_id]
        linked = [link.remote_id for link in self.world.odoo.links.values()]
        assert len(named) == len(set(named))
        assert len(linked) == len(set(linked))

    # --- what holds in the end --------------------------------------------------------------------

    def teardown(self):
        if not hasattr(self, 'world'):
            return
        self._settle()
        self._assert_every_record_has_its_counterpart()
        for odoo_id, link in self.world.odoo.links.items():
            self._assert_agreed(link, self.world.odoo.records[odoo_id])
        self._assert_silence()

    def _settle(self):
        """Work everything off; each record may need a few rounds, and no more."""
        world = self.world
        most = PATIENCE * (len(world.wire) + len(world.odoo.inbox) + len(world.odoo.outbox) + 1)
        for _ in range(most):
            if not self._step():
                return
        raise AssertionError(f'still talking after {most} messages')

    def _step(self):
        world = self.world
        if world.wire:
            world.deliver(0)
        elif world.odoo.inbox:
            world.process_in(world.odoo.inbox[0])
        elif world.odoo.outbox:
            world.process_out(world.odoo.outbox[0])
        else:
            return False
        return True

    def _assert_every_record_has_its_counterpart(self):
        world = self.world
        assert world.odoo.links.keys() == world.odoo.records.keys()
        assert {link.remote_id for link in world.odoo.links.values()} == world.remote.keys()

    def _assert_agreed(self, link, local):
        remote = self.world.remote[link.remote_id]
        for key in set(KEYS) - {'source'} - link.conflicts:
            assert local.values[key] == remote.values[key] == link.snapshot[key], key

    def _assert_silence(self):
        """Every message may come once more: nothing is written anywhere."""
        world = self.world
        writes, ticks = world.writes, world.ticks
        for remote_id in sorted(world.remote):
            world.odoo.inbox.append(remote_id)
            world.process_in(remote_id)
        assert not world.odoo.outbox
        assert (world.writes, world.ticks) == (writes, ticks)


TestTwoSides = TwoSides.TestCase
