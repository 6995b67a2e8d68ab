"""A worker that was given up comes back, with an outcome to tell: it is refused, whatever it says.

The worker stops (SIGSTOP, as when its machine is suspended) with its connections open, so that
only the end of its lease frees what it holds. A second worker finishes the work; then the first
one goes on where it was. Promise 6 of the design: its acknowledgement is refused by the lane's
token, and what it wrote goes with it. Cases after solid_queue's
claimed_execution_concurrency_test.rb.
"""

from __future__ import annotations

import signal

import pytest

from tests.faults.scene import Scene, transaction

#: What the account answers to the stale worker's call, and which outcome it would have noted.
ANSWERS = {
    "done": None,
    "retry": {"kind": "http_503"},
    "unknown": {"kind": "http_502", "commit": True},
    "waiting": {"kind": "http_429", "retry_after": "1"},
    "contract": {"kind": "html"},
}


@pytest.mark.parametrize("outcome", ANSWERS)
def test_what_a_stale_worker_sent_is_not_acknowledged(scene: Scene, outcome):
    """Timeline: A claims and stops before its call. Its lease ends; B sends, and is done. A wakes:
    its call says the same once more, and what it has to tell of it counts for nothing.

    What this proves: nobody's outcome is overwritten by a worker that lost its claim, be it a
    success, a retry, a wait or a failure.
    """
    name = f"Stale {outcome}"
    [partner] = scene.create(name)
    stale = scene.stopped("before_call:stop")
    take_over(scene)
    assert scene.contacts(name) == [name]
    before = state_of(scene, partner)
    if ANSWERS[outcome]:
        scene.box.faults({"match": "batch/upsert", **ANSWERS[outcome]})
    resume(stale)
    scene.box.faults()
    assert state_of(scene, partner) == before, "the stale worker has left its mark"
    scene.settle()
    assert scene.contacts(name) == [name]


def test_a_stale_worker_does_not_fail_what_another_has_done(scene: Scene):
    """The account refuses the stale worker's values; they were corrected and sent meanwhile."""
    [partner] = scene.create("Stale refused", email="one@stale.example.com")
    stale = scene.stopped("before_call:stop")
    scene.write([partner], email="two@stale.example.com")
    take_over(scene)
    before = state_of(scene, partner)
    rules = {"required": {"contacts": ["jobtitle"]}}
    scene.box.call("POST", "config", {"rules": rules})
    resume(stale)
    scene.box.call("POST", "config", {"rules": {"required": {}}})
    assert state_of(scene, partner) == before
    # It has sent what it knew, though, after B: the values of the past. The account's news of that
    # change bring both sides together again; nothing may be stuck or failed until then.
    scene.tell(*scene.remote_ids(partner))
    scene.settle()


def test_what_a_stale_worker_has_read_is_not_written(scene: Scene):
    """Timeline: A reads version 1 and stops. The account goes on to version 2; B reads and writes
    it. A goes on, and writes version 1: refused, and undone with everything that hangs on it.
    """
    [remote] = scene.enter("Stale in")
    scene.box.change("contacts", {"id": remote, "properties": {"city": "One"}})
    scene.tell(remote)
    stale = scene.stopped("after_call:stop")
    scene.box.change("contacts", {"id": remote, "properties": {"city": "Two"}})
    take_over(scene)
    assert cities(scene) == ["Two"]
    before = scene.attempts()
    resume(stale)
    assert cities(scene) == ["Two"]
    assert scene.attempts() == before, "what was undone is not logged as done"
    scene.settle()
    assert cities(scene) == ["Two"]


def cities(scene):
    rows = scene.database.rows("SELECT city FROM res_partner WHERE name = 'Stale in'")
    return [city for (city,) in rows]


def test_a_worker_asleep_in_its_commit_holds_up_nobody(scene: Scene):
    """Timeline: A has settled its lane and is suspended before the commit, holding the lane's row;
    its lease ends. B comes to work.

    What this proves: the rescue passes over a row that somebody holds. It once waited for it, at
    the head of every worker's every round: one suspended machine, and nothing was synchronised any
    more. A's commit is late, not stale: it counts, once.
    """
    [remote] = scene.enter("Late in")
    scene.tell(remote)
    late = scene.stopped("after_call:stop,before_commit:stop")
    scene.end_leases()
    late.signal(signal.SIGCONT)
    scene.until(lambda: late.is_stopped and holds_its_lane(scene), "it stands before its commit")
    scene.create("Bystander")
    assert scene.worker().wait(15).status == 0
    assert scene.contacts("Bystander") == ["Bystander"]
    resume(late)
    scene.settle()
    assert scene.partners("Late in") == ["Late in"]


def holds_its_lane(scene):
    """Whether somebody's transaction holds the one running lane."""
    with transaction(scene.database) as cr:
        cr.execute("SELECT id FROM sync_lane WHERE state = 'running' FOR UPDATE SKIP LOCKED")
        return not cr.fetchall()


def test_a_stale_token_settles_nothing(scene: Scene):
    """The fence itself, for every outcome there is: the lane, its messages and the log stay."""
    scene.create("Fenced")
    outcomes = scene.odoo(
        """
import uuid
from odoo.addons.saas_sync.models.sync_lane import StaleClaim
from odoo.addons.saas_sync.models.sync_settlement import Result
lanes, refused = env['sync.lane'], []
lanes._tick()
stale = lanes._claim(connection, 'out', 'contacts', token=uuid.uuid4().hex)
env.cr.execute("UPDATE sync_lane SET token = 'of another' WHERE id = ANY(%s)",
               [[lane.id for lane in stale.lanes]])
env.cr.commit()
for outcome in ('done', 'nothing', 'ignored', 'shadow', 'retry', 'waiting', 'failed'):
    try:
        lanes._settle(env.cr, stale, {lane.id: Result(outcome) for lane in stale.lanes})
    except StaleClaim:
        refused.append(outcome)
    env.cr.rollback()
result = [len(stale.lanes), refused]
""",
        connection=scene.connection,
    )
    assert outcomes == [
        1,
        ["done", "nothing", "ignored", "shadow", "retry", "waiting", "failed"],
    ]
    scene.end_leases()
    scene.settle()
    assert scene.contacts("Fenced") == ["Fenced"]


def test_a_worker_that_only_lost_its_lease_may_finish(scene: Scene):
    """Nobody took over: the lease is over, the claim is not. Its outcome counts."""
    scene.create("Unhurried")
    slow = scene.stopped("after_call:stop")
    scene.end_leases()
    resume(slow)
    assert scene.lanes("crashes > 0") == []
    scene.settle()
    assert scene.contacts("Unhurried") == ["Unhurried"]


def take_over(scene):
    """The lease ends, and a second worker does the work."""
    scene.end_leases()
    scene.settle()


def resume(worker):
    worker.signal(signal.SIGCONT)
    ended = worker.wait()
    assert ended.status == 0, ended.output


def state_of(scene, partner):
    """What the engine holds of a record: lanes, link, messages, attempts."""
    return [
        scene.lanes(),
        scene.database.rows(
            "SELECT to_jsonb(l) FROM sync_link l WHERE res_model = 'res.partner' AND res_id = %s",
            partner,
        ),
        scene.database.rows("SELECT id, state, reason, done_at::text FROM sync_outbox ORDER BY id"),
        [one["id"] for one in scene.attempts()],
    ]
