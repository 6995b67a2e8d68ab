"""Deliveries as networks make them: twice, in any order, days late, in between our own writes; and
one that kills whoever works on it.

Promise 2 of the design: the same delivery, any number of times, in any order: one row, one effect.
An event says which record moved, never what it became, so what matters is what both sides hold
now.
"""

from __future__ import annotations

import random
import signal
import time

import pytest

from tests.faults.scene import WORK, Scene

pytestmark = pytest.mark.long

DAYS = 86400
#: A worker that dies whenever the record `poison` is in its hands.
POISONED = (
    """
import os, signal
pipeline = type(env['sync.inbound'])
convert = pipeline._convert
def poisoned(self, connection, claim, *rest):
    if poison in [lane.key for lane in claim.lanes]:
        os.kill(os.getpid(), signal.SIGKILL)
    return convert(self, connection, claim, *rest)
pipeline._convert = poisoned
"""
    + WORK
)


class Model:
    """What has to come out: the account's people write cities, Odoo's people telephone numbers, and
    what the account deletes stays deleted.
    """

    def __init__(self, names):
        self.cities = dict.fromkeys(names)
        self.phones = dict.fromkeys(names)
        self.gone = set()

    def rows(self):
        alive = [name for name in self.cities if name not in self.gone]
        return sorted((name, self.cities[name], self.phones[name]) for name in alive)


@pytest.mark.parametrize("seed", range(4))
def test_any_order_any_number_of_times(scene: Scene, seed):
    """Random histories of both sides; each event is delivered one to three times, at any later
    moment, some after everything else. Against a pure model of what people did.
    """
    rng = random.Random(seed)
    names = [f"Mixed {seed} {number}" for number in range(4)]
    ids = dict(zip(names, scene.enter(*names), strict=True))
    model, late = Model(names), [scene.news(one, "creation") for one in ids.values()]
    scene.deliver(late)
    scene.work()
    for number in range(6):
        late += act(scene, rng, model, ids, number)
        now = [event for event in late if rng.random() < 0.5]
        rng.shuffle(now)
        if now:
            scene.deliver(now)
        if rng.random() < 0.5:
            scene.work()
    for _time in range(2):
        rng.shuffle(late)
        scene.deliver(late)
    scene.settle()
    word = f"Mixed {seed}"
    assert here(scene, word) == model.rows()
    assert there(scene, word) == model.rows()


def act(scene, rng, model, ids, number) -> list[dict]:
    """Somebody does something at one of the two sides; the events the account has to tell of it."""
    name = rng.choice(sorted(set(ids) - model.gone))
    # HubSpot's clock and ours need not agree; the time of an event decides nothing.
    when = int((time.time() - rng.choice([0, 1, 3]) * DAYS) * 1000)
    what = rng.choice(["city", "city", "phone", "phone", "delete"])
    if what == "delete" and len(model.gone) < 2:
        model.gone.add(name)
        scene.box.change("contacts", {"id": ids[name], "action": "delete"})
        return [scene.news(ids[name], "deletion", occurredAt=when)]
    if what == "phone":
        model.phones[name] = f"+322555000{number}"
        scene.odoo(
            "env['res.partner'].search([('name', '=', name)]).write({'phone': phone})",
            name=name,
            phone=model.phones[name],
        )
        return []
    model.cities[name] = f"City {number}"
    scene.box.change("contacts", {"id": ids[name], "properties": {"city": model.cities[name]}})
    return [scene.news(ids[name], propertyName="city", occurredAt=when)]


def here(scene, word):
    return scene.database.rows(
        "SELECT name, city, phone FROM res_partner WHERE active AND starts_with(name, %s)"
        " ORDER BY name",
        word,
    )


def there(scene, word):
    found = [one for one in scene.box.objects("contacts") if not one["archived"]]
    rows = [
        (
            " ".join(filter(None, map(one["properties"].get, ("firstname", "lastname")))),
            one["properties"].get("city"),
            one["properties"].get("phone"),
        )
        for one in found
    ]
    return sorted(row for row in rows if row[0].startswith(word))


def test_a_delivery_of_last_week_changes_nothing(scene: Scene):
    """Its signature is of today (the sender signs every try anew); what it tells is long over."""
    [remote] = scene.enter("Late 1")
    scene.tell(remote)
    scene.settle()
    scene.odoo("env['res.partner'].search([('name', '=', 'Late 1')]).city = 'Now'")
    scene.settle()
    mark = scene.box.last_n()
    week_ago = int((time.time() - 7 * DAYS) * 1000)
    event = scene.news(remote, propertyName="city", propertyValue="Then", occurredAt=week_ago)
    assert scene.deliver([event]) == [1, 0]
    scene.settle()
    assert here(scene, "Late 1") == [("Late 1", "Now", None)]
    assert scene.box.writes(after=mark) == []


def test_old_news_of_what_is_gone_brings_nothing_back(scene: Scene):
    """A creation, told after the deletion; and news of a record that lives on in another."""
    gone, loser, winner = scene.enter("Late gone", "Late loser", "Late winner")
    scene.tell(gone, loser, winner)
    scene.settle()
    scene.box.change("contacts", {"id": gone, "action": "delete"})
    merged = scene.box.change("contacts", {"id": winner, "action": "merge", "other": loser})["id"]
    scene.tell(gone, kind="delete")
    scene.tell(merged, kind="merge")
    scene.settle()
    before = scene.partners("Late ")
    old = [scene.news(one, "creation") for one in (gone, loser, winner)]
    old += [scene.news(one, propertyName="city") for one in (gone, loser, winner)]
    scene.deliver(old)
    scene.settle()
    assert scene.partners("Late ") == before
    assert "Late gone" not in before


def test_news_of_our_own_writes_is_no_news(scene: Scene):
    """The account tells of what we wrote, right after and in the middle of more of it."""
    [partner] = scene.create("Echoed", city="One")
    scene.settle()
    [remote] = scene.remote_ids(partner)
    echo = {"changeSource": "INTEGRATION", "propertyName": "city"}
    for city in ("Two", "Three"):
        scene.write([partner], city=city)
        scene.deliver([scene.news(remote, propertyValue=city, **echo)])
        scene.work()
        scene.deliver([scene.news(remote, propertyValue="One", **echo)])
    scene.settle()
    mark = scene.box.last_n()
    scene.deliver([scene.news(remote, propertyValue=city, **echo) for city in ("One", "Two")])
    scene.settle()
    assert scene.box.writes(after=mark) == []
    assert scene.box.object("contacts", remote)["properties"]["city"] == "Three"


def test_poison_is_quarantined_after_three_deaths_and_takes_nobody_with_it(scene: Scene):
    """Timeline: a batch of twelve holds a record that kills its worker. The first death takes the
    whole batch back; from then on each of its records is tried alone.

    What this proves: three workers die and not one more; the eleven innocents are done; the
    twelfth waits for a person, and is done once the cause is gone.
    """
    ids = scene.enter(*(f"Poison {number:02}" for number in range(12)))
    poison = ids[5]
    scene.deliver([scene.news(one, "creation") for one in ids])
    deaths = 0
    for _time in range(8):
        scene.hurry()
        ended = scene.worker(code=POISONED, poison=poison).wait()
        deaths += ended.status == -signal.SIGKILL
        if not scene.waiting():
            break
    assert deaths == 3
    [lane] = scene.lanes()
    assert (lane["key"], lane["state"], lane["crashes"]) == (poison, "quarantined", 3)
    assert "3" in lane["error_message"]
    assert len(scene.partners("Poison")) == 11
    scene.deliver([scene.news(poison, propertyName="city")])
    scene.settle(failed=1)
    assert len(scene.partners("Poison")) == 11, "more news of it must not set it free"
    scene.odoo("env['sync.lane'].browse(id).action_replay()", id=lane["id"])
    scene.settle()
    assert len(scene.partners("Poison")) == 12
