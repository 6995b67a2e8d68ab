"""PostgreSQL says no: lost races at every write, a full disk, cut connections, restarts, locks.

What is refused for a reason of the database's is nobody's fault: it is done again, and neither
fails a record nor counts as the death of a worker.
"""

from __future__ import annotations

import signal

import pytest

from tests.faults.scene import Scene, failing, transaction
from tests.faults.work import assert_worked, work_both_ways

pytestmark = pytest.mark.long

RACES = {"serialization": "40001", "deadlock": "40P01", "lock": "55P03"}
#: Errors of the machine: they end when somebody has made room.
OUTAGES = {"disk full": "53100", "out of memory": "53200"}
#: Everything a worker writes to, on its way in and on its way out.
WRITTEN = ("res_partner", "sync_link", "sync_lane", "sync_event", "sync_outbox", "sync_attempt",
           "sync_budget")  # fmt: skip


@pytest.mark.parametrize("race", RACES)
def test_a_race_lost_at_any_write_is_run_again(scene: Scene, race):
    """The first rows that go to each table are refused as if another transaction had won."""
    word = work_both_ways(scene)
    with failing(scene.database, WRITTEN, RACES[race], times=2) as left:
        work_through(scene, left)
    assert scene.lanes("state IN ('failed', 'quarantined')") == []
    scene.settle()
    assert_worked(scene, word)


@pytest.mark.parametrize("outage", OUTAGES)
def test_a_full_disk_fails_no_record(scene: Scene, outage):
    """Timeline: nothing can be written to a table, then to the next, until there is room again.

    What this proves: however often workers run into it meanwhile, no record is put on anybody's
    desk for it and no worker is taken for dead: afterwards everything goes on by itself. Once,
    every record was suspected, and failed as a bug after two tries; where not even the outcome
    could be written, the rescue counted the death of a worker, and the third one was a quarantine.
    """
    word = work_both_ways(scene)
    with failing(scene.database, WRITTEN, OUTAGES[outage], times=4) as left:
        work_through(scene, left)
    assert scene.lanes("state IN ('failed', 'quarantined')") == []
    scene.settle()
    assert_worked(scene, word)


def work_through(scene, left, rounds=60):
    """Workers come and go until the faults are used up."""
    for number in range(rounds):
        if not left():
            return
        scene.hurry()
        scene.try_to_work()
        if not scene.waiting():  # done too soon for some: more of the same
            scene.create(f"More {number}")
            scene.tell(*scene.enter(f"More in {number}"))
    raise AssertionError(f"nobody writes to {left()}")


TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND {which}
"""
SIGNAL = "env.cr.commit()\nenv.registry.signal_changes()"
ADD_FIELD = (
    """
result = env['ir.model.fields'].create({
    'name': 'x_note', 'field_description': 'Note', 'ttype': 'char', 'state': 'manual',
    'model_id': env['ir.model']._get_id('res.partner')}).id
"""
    + SIGNAL
)
#: The connection on which a worker holds the lock that says that it lives.
GUARD = (
    "pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 721642"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
)


@pytest.mark.parametrize("point", ["before_call", "after_call", "before_commit"])
def test_connections_cut_in_mid_batch(scene: Scene, point):
    """pg_terminate_backend for every connection of a worker in the middle of its work, as when
    PostgreSQL is restarted: it ends, nothing is lost, and nobody takes its records for deadly.
    """
    word = work_both_ways(scene)
    worker = scene.stopped(f"{point}:stop")
    scene.database.rows(TERMINATE.format(which="true"))
    worker.signal(signal.SIGCONT)
    worker.wait()
    assert scene.lanes("crashes > 0 AND state <> 'running'") == []
    scene.settle()
    assert_worked(scene, word)


def test_a_worker_whose_guard_is_cut_off_goes_home(scene: Scene):
    """Only the connection that says that it lives is lost: others take its records over, so it has
    to stop to claim more of them. It finishes what it has in hand, or is refused.
    """
    scene.odoo("env['sync.connection'].browse(id).batch_size = 1", id=scene.connection)
    names = [f"Guarded {number}" for number in range(3)]
    scene.create(*names)
    worker = scene.stopped("before_call:stop")
    assert scene.database.rows(TERMINATE.format(which=GUARD)) == [(True,)]
    worker.signal(signal.SIGCONT)
    worker.wait()
    assert len(scene.contacts("Guarded")) == 1, "it went on as if nothing had happened"
    scene.odoo("env['sync.connection'].browse(id).batch_size = 100", id=scene.connection)
    scene.settle()
    assert scene.contacts("Guarded") == names


def test_a_record_that_somebody_holds_holds_up_nobody(scene: Scene):
    """A person's long transaction (an import, say) has written a partner, and is not over."""
    ids = scene.enter("Held", "Held beside")
    scene.tell(*ids)
    scene.settle()
    scene.box.change("contacts", [{"id": one, "properties": {"city": "Lier"}} for one in ids])
    with transaction(scene.database) as cr:
        cr.execute("UPDATE res_partner SET comment = 'busy' WHERE name = 'Held'")
        scene.tell(*ids)
        for _time in range(3):
            scene.hurry()
            assert scene.worker().wait(30).status == 0
        assert city(scene, "Held beside") == "Lier"
        assert scene.lanes("state IN ('failed', 'quarantined')") == []
    scene.settle()
    assert city(scene, "Held") == "Lier"


def city(scene, name):
    return scene.database.value("SELECT city FROM res_partner WHERE name = %s", name)


def test_work_goes_on_beside_a_pinned_snapshot(scene: Scene):
    """A report, or a dump, that sees the world as it was a long time ago."""
    with transaction(scene.database) as cr:
        cr.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cr.execute("SELECT count(*) FROM sync_lane")
        word = work_both_ways(scene)
        scene.settle()
        assert_worked(scene, word)


def test_the_models_change_with_work_in_flight(scene: Scene):
    """Somebody adds a field to the partners: every process loads its models again. A worker in the
    middle of its work finishes with those it has.
    """
    word = work_both_ways(scene)
    worker = scene.stopped("before_call:stop")
    field = scene.odoo(ADD_FIELD)
    worker.signal(signal.SIGCONT)
    assert worker.wait().status == 0
    assert scene.odoo("result = 'x_note' in env['res.partner']._fields")
    scene.settle()
    assert_worked(scene, word)
    scene.odoo("env['ir.model.fields'].browse(id).unlink()\n" + SIGNAL, id=field)
    scene.settle()


def test_upgraded_with_work_in_flight(scene: Scene):
    """`-u saas_sync` while a worker waits for the account: it finishes with the old code, or its
    work is done again with the new one.
    """
    word = work_both_ways(scene)
    worker = scene.stopped("before_call:stop")
    scene.database.upgrade()
    worker.signal(signal.SIGCONT)
    worker.wait()
    scene.settle()
    assert_worked(scene, word)
