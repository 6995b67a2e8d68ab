"""A worker is killed where it hurts: at every named point, both ways, with all kinds of work.

Promise 3 of the design: a committed change reaches the other side, whatever crashes, and nothing
is there twice. The points are those of engine/pause.py; the worker kills itself there with
SIGKILL, so no clean-up of any kind runs.
"""

from __future__ import annotations

import itertools
import os
import signal

import pytest

from engine.pause import POINTS
from tests.faults.scene import WORK, Scene

_numbers = itertools.count(1)
#: From here on the outcome of a batch is committed.
COMMITTED = ("after_commit",)


@pytest.mark.parametrize("point", POINTS)
def test_killed_on_the_way_out(scene: Scene, point):
    """One batch creates, changes and archives; the worker dies at `point`; the next one ends it."""
    word = f"Out {next(_numbers)}"
    kept, gone, new = f"{word} kept", f"{word} gone", f"{word} new"
    ids, email = scene.create(kept, gone), f"{point}@out.example.com"
    scene.settle()
    scene.odoo(
        "kept, gone = env['res.partner'].browse(ids)\n"
        "kept.email = email\ngone.action_archive()\n"
        "env['res.partner'].create({'name': new})",
        ids=ids,
        new=new,
        email=email,
    )
    worker = scene.worker(f"{point}:kill").wait()
    assert worker.status == -signal.SIGKILL, worker.output
    assert_counted(scene, point, lanes=3)
    scene.settle()
    assert scene.contacts(word) == [kept, new]
    [kept_id, gone_id] = scene.remote_ids(*ids)
    assert scene.box.object("contacts", kept_id)["properties"]["email"] == email
    assert scene.box.object("contacts", gone_id)["archived"]


@pytest.mark.parametrize("point", POINTS)
def test_killed_on_the_way_in(scene: Scene, point):
    """One batch creates, changes and archives partners; the worker dies at `point`."""
    word = f"In {next(_numbers)}"
    kept, gone, new = f"{word} kept", f"{word} gone", f"{word} new"
    ids, email = scene.enter(kept, gone), f"{point}@in.example.com"
    scene.tell(*ids)
    scene.settle()
    scene.box.change(
        "contacts",
        [
            {"id": ids[0], "properties": {"email": email}},
            {"id": ids[1], "action": "delete"},
        ],
    )
    ids += scene.enter(new)
    scene.tell(ids[0], ids[2])
    scene.tell(ids[1], kind="delete")
    worker = scene.worker(f"{point}:kill").wait()
    assert worker.status == -signal.SIGKILL, worker.output
    assert_counted(scene, point, lanes=3)
    scene.settle()
    assert scene.partners(word) == [kept, new]
    assert scene.contacts(word) == [kept, new], "what came in was sent back as a new record"
    assert scene.database.value("SELECT email FROM res_partner WHERE name = %s", kept) == email


def assert_counted(scene, point, lanes):
    """The crash is on record for what was in hand, and only for that."""
    crashed = scene.lanes("state = 'running' AND token IS NOT NULL")
    assert [lane["crashes"] for lane in crashed] == ([] if point in COMMITTED else [1] * lanes)


def test_a_dead_workers_lanes_are_free_at_once(scene: Scene):
    """Not when the lease ends: its advisory lock went with its connection."""
    scene.create("Free 1", "Free 2")
    dead = scene.worker("before_commit:sleep")
    scene.until(lambda: scene.lanes("state = 'running'"), "it has claimed")
    dead.signal(signal.SIGKILL)
    dead.wait()
    scene.until(lambda: rescued(scene), "both lanes are free", 5)
    assert [lane["crashes"] for lane in scene.lanes()] == [1, 1]
    scene.settle()
    assert scene.contacts("Free") == ["Free 1", "Free 2"]


def rescued(scene):
    scene.odoo("env['sync.lane']._tick()")
    return not scene.lanes("state = 'running'")


def test_the_living_are_not_robbed(scene: Scene):
    """A worker that is slow, and alive, keeps what it has claimed: others only take the rest."""
    scene.create("Slow 1")
    slow = scene.worker("before_commit:sleep")
    scene.until(lambda: scene.lanes("state = 'running'"), "it has claimed")
    [before] = scene.lanes()
    scene.create("Quick 1")
    scene.work()
    assert scene.lanes() == [before]
    assert scene.contacts("Quick") == ["Quick 1"]
    slow.signal(signal.SIGKILL)
    slow.wait()
    scene.settle()
    assert scene.contacts("Slow") == ["Slow 1"]


def test_three_deaths_quarantine_a_record_and_a_person_frees_it(scene: Scene):
    scene.create("Deadly")
    for death in (1, 2, 3):
        worker = scene.worker("before_call:kill").wait()
        assert worker.status == -signal.SIGKILL
        assert [lane["crashes"] for lane in scene.lanes()] == [death]
    scene.work()
    [lane] = scene.lanes()
    assert (lane["state"], lane["error_class"]) == ("quarantined", "bug")
    assert scene.contacts("Deadly") == []
    scene.work()
    assert scene.lanes() == [lane], "nobody touches it any more"
    scene.odoo("env['sync.lane'].browse(id).action_replay()", id=lane["id"])
    scene.settle()
    assert scene.contacts("Deadly") == ["Deadly"]


def test_killed_in_the_middle_of_the_call(scene: Scene):
    """Neither before nor after: the account is just working on it, and commits what it was sent."""
    scene.box.faults(
        {"kind": "hang", "ms": 600, "commit": True, "match": "batch/upsert", "count": 1}
    )
    mark = scene.box.last_n()
    scene.create("Middle 1", "Middle 2")
    worker = scene.worker()
    scene.until(lambda: scene.contacts("Middle"), "the account has taken them")
    os.kill(worker.pid, signal.SIGKILL)
    assert worker.wait().status == -signal.SIGKILL
    scene.until(lambda: scene.box.writes(after=mark), "the call that nobody waited for is over")
    scene.settle()
    assert scene.contacts("Middle") == ["Middle 1", "Middle 2"]


def test_a_short_time_limit_is_not_run_into(scene: Scene):
    """Odoo kills a cron process that takes longer than limit_time_real_cron, and a killed worker
    counts against the records in its hands: so it leaves in time, whatever is still due.
    """
    scene.odoo("env['sync.connection'].browse(id).batch_size = 1", id=scene.connection)
    scene.create(*(f"Limited {number}" for number in range(12)))
    scene.box.faults({"kind": "latency", "ms": 400, "match": "batch/upsert"})
    limit = "import odoo\nodoo.tools.config['limit_time_real_cron'] = 4\n"
    assert scene.worker(code=limit + WORK).wait().status == 0
    assert scene.waiting(), "it has worked on as if there were no limit"
    assert scene.lanes("state = 'running' AND token IS NOT NULL OR crashes > 0") == []
    scene.box.faults()
    scene.odoo("env['sync.connection'].browse(id).batch_size = 100", id=scene.connection)
    scene.settle()
    assert len(scene.contacts("Limited")) == 12
