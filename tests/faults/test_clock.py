"""A worker on a machine whose clock is wrong works like any other.

Its clock is turned ten minutes ahead, or back, for all of its Python; PostgreSQL's clock, by which
leases, due times and ages go, stays right. The workers beside it have the right time.
"""

from __future__ import annotations

import signal
from datetime import datetime, timedelta, timezone

import pytest

from tests.faults.scene import WORK, Scene
from tests.faults.work import assert_worked, work_both_ways

WRONG = """
import datetime, time, freezegun
off = datetime.timedelta(minutes=minutes)
freezegun.freeze_time(datetime.datetime.now(datetime.timezone.utc) + off, tick=True).start()
from odoo import fields
assert abs(fields.Datetime.now() - env.cr.now() - off).total_seconds() < 30
"""


@pytest.fixture(params=[10, -10], ids=["ahead", "behind"])
def minutes(request) -> int:
    return request.param


def work_wrongly(scene: Scene, minutes: int) -> None:
    scene.hurry()
    scene.forks.run(WRONG + WORK, minutes=minutes)


def test_it_works_both_ways(scene: Scene, minutes):
    word = work_both_ways(scene)
    for _time in range(3):
        work_wrongly(scene, minutes)
    assert scene.waiting() == []
    scene.settle()
    assert_worked(scene, word)


def test_it_leaves_others_what_they_hold(scene: Scene, minutes):
    """A lease of five minutes is not over for a worker that is ten ahead, nor is a record due that
    backs off; and its own leases are neither over at once nor for longer than others'.
    """
    [remote] = scene.enter(f"Leased {minutes}")
    scene.tell(remote)
    holder = scene.stopped("after_call:stop")
    [held] = scene.lanes("token IS NOT NULL")
    scene.create(f"Beside {minutes}")
    scene.forks.run(WRONG + WORK, minutes=minutes)
    assert scene.lanes("token IS NOT NULL") == [held]
    assert scene.contacts(f"Beside {minutes}") == [f"Beside {minutes}"]
    holder.signal(signal.SIGCONT)
    assert holder.wait().status == 0
    scene.settle()
    assert scene.partners(f"Leased {minutes}") == [f"Leased {minutes}"]


def test_its_leases_are_as_long_as_others(scene: Scene, minutes):
    scene.create(f"Its own {minutes}")
    wrong = scene.stopped("before_call:stop", WRONG + WORK, minutes=minutes)
    [seconds] = scene.database.rows(
        """SELECT extract(epoch FROM lease_until - clock_timestamp() AT TIME ZONE 'UTC')::int
             FROM sync_lane WHERE token IS NOT NULL"""
    )
    assert 200 < seconds[0] <= 300
    wrong.signal(signal.SIGCONT)
    assert wrong.wait().status == 0
    scene.settle()


def test_it_polls_up_to_the_present(scene: Scene, minutes):
    """A poll notes how far it got, and the next one begins there. One that was ten minutes ahead
    noted a moment to come, and what the account changed until then was not asked for.
    """
    scene.odoo(
        "connection = env['sync.connection'].browse(id)\n"
        "connection.write({'poll_enabled': True, 'poll_interval_minutes': 1})\n"
        "connection.mapping_ids.write({'poll_since': since, 'sweep_since': False})",
        id=scene.connection,
        since=str(datetime.now(timezone.utc).replace(tzinfo=None) - timedelta(hours=1))[:19],
    )
    scene.enter(f"Polled {minutes}")
    # More than once: the account allows few searches a second.
    scene.until(lambda: work_wrongly(scene, minutes) or not polled_wrongly(scene), "all is polled")
    assert scene.partners(f"Polled {minutes}") == [f"Polled {minutes}"]
    scene.odoo("env['sync.connection'].browse(id).poll_enabled = False", id=scene.connection)
    scene.settle()


def polled_wrongly(scene: Scene) -> list[tuple]:
    """The mappings of which it is not noted that they were looked at just now."""
    return scene.database.rows(
        """SELECT remote_object, poll_since, sweep_since FROM sync_mapping
            WHERE direction <> 'out' AND (
                  abs(extract(epoch FROM now() AT TIME ZONE 'UTC' - poll_since)) > 60
               OR sweep_since IS NULL OR sweep_since > now() AT TIME ZONE 'UTC')"""
    )
