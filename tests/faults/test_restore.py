"""Last hour's dump is restored, and the account has moved on: the gap is found and pulled again.

One timeline for all tests of this file (times are those of an hour-old dump: what the database
says of its last poll and sweep is set back by an hour)::

    before      records both sides agree on; a change and a new record in Odoo wait to be sent
    dump        pg_dump
    after       people work on at both ends, everything is synchronised
    restore     the dump, under the same name and uuid; a worker starts; nobody tells it anything

Promise: what both sides hold in the end is what the account held, plus what people do from then
on. Nothing Odoo had sent after the dump is there twice, and no message of the past undoes the
present.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.faults.forks import Forks
from tests.faults.scene import WORK, Scene
from tests.odoo_database import OdooDatabase
from tests.sandbox_process import SandboxClient

pytestmark = pytest.mark.long

LATE = ("Changed late", "Created late")
IMPORT = """
mappings = env['sync.mapping'].search([('remote_object', '=', 'contacts')])
env['sync.scan']._start_import(mappings)
"""
HINT = """
env['sync.scan']._post_hints(
    env['sync.connection'].search([]), [('contacts', remote_id)], 'change')
"""
AN_HOUR_OLD = """
    UPDATE sync_mapping SET poll_since = poll_since - interval '1 hour',
                            sweep_since = sweep_since - interval '1 hour';
    UPDATE sync_outbox SET create_date = create_date - interval '1 hour';
"""


@pytest.fixture(scope="module")
def restored(tmp_path_factory):
    box = SandboxClient("hubspot")
    database = OdooDatabase(os.environ["SAAS_SYNC_INSTALLED"])
    scene = Scene(database, box, poll_enabled=True, poll_interval_minutes=15)
    try:
        before(scene)
        dump = tmp_path_factory.mktemp("dump") / "hour.sql"
        run("pg_dump", "-f", dump, database.name)
        after(scene)
        restore(scene, dump)
        scene.created_anew = scene.create("Fresh")
        scene.work()
        scene.settle()
        yield scene
    finally:
        scene.stop()


def before(scene):
    names = ("Sent", "Changed there", "Changed here", "Changed late", "Gone there", "Gone here",
             "Deleted here", "Merged 1", "Merged 2", "Untouched")  # fmt: skip
    scene.ids = dict(zip(names, scene.create(*names, city="Gent"), strict=True))
    scene.settle()
    scene.odoo(IMPORT)
    scene.settle()
    scene.remote = dict(zip(names, scene.remote_ids(*scene.ids.values()), strict=True))
    scene.write([scene.ids["Changed late"]], city="Of the past")
    [scene.ids["Created late"]] = scene.create("Created late", city="Of the past")


def after(scene):
    """What happened in the hour that Odoo is going to forget."""
    scene.settle()
    [scene.remote["Created late"]] = scene.remote_ids(scene.ids["Created late"])
    scene.write([scene.ids["Changed here"]], city="Here")
    there = [(name, "Of the present") for name in LATE] + [("Changed there", "There")]
    scene.box.change(
        "contacts", [{"id": scene.remote[n], "properties": {"city": city}} for n, city in there]
    )
    scene.tell(*(scene.remote[name] for name, _city in there))
    scene.lost = scene.create("New here", city="Brugge")
    scene.tell(*scene.enter("New there", city="Kortrijk"))
    scene.odoo("env['res.partner'].browse(id).action_archive()", id=scene.ids["Gone here"])
    scene.odoo("env['res.partner'].browse(id).unlink()", id=scene.ids["Deleted here"])
    scene.box.change("contacts", {"id": scene.remote["Gone there"], "action": "delete"})
    scene.tell(scene.remote["Gone there"], kind="delete")
    merge = {"id": scene.remote["Merged 1"], "action": "merge", "other": scene.remote["Merged 2"]}
    scene.tell(scene.box.change("contacts", merge)["id"], kind="merge")
    scene.settle()
    assert scene.contacts("New") == ["New here", "New there"]
    assert {city_there(scene, name) for name in LATE} == {"Of the present"}
    scene.truth = {
        one["id"]: {key: one["properties"].get(key) for key in ("firstname", "city")}
        for one in scene.box.objects("contacts")
        if not one["archived"] and not one.get("mergedInto")
    }


def restore(scene, dump):
    """The dump takes the database's place; Odoo is started again."""
    scene.forks.stop()
    run("dropdb", "--force", scene.database.name)
    run("createdb", scene.database.name)
    run("psql", "-Xq1", "-v", "ON_ERROR_STOP=1", "-d", scene.database.name, "-f", dump)
    scene.database.execute(AN_HOUR_OLD)
    scene.mark = scene.box.last_n()
    scene.forks = Forks(scene.database)


def run(program, *words):
    command = [Path(os.environ["SAAS_SYNC_PG_BIN"]) / program, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def city_there(scene, name):
    return scene.box.object("contacts", scene.remote[name])["properties"]["city"]


def cities_here(scene, name):
    rows = scene.database.rows("SELECT city FROM res_partner WHERE name = %s AND active", name)
    return [city for (city,) in rows]


def test_what_the_account_did_meanwhile_is_pulled_again(restored):
    assert cities_here(restored, "Changed there") == ["There"]
    assert cities_here(restored, "New there") == ["Kortrijk"]


def test_what_odoo_had_sent_comes_back(restored):
    """Odoo has forgotten its own change, and its own new record: the account has not."""
    assert cities_here(restored, "Changed here") == ["Here"]
    assert cities_here(restored, "New here") == ["Brugge"]


def test_nothing_is_there_twice(restored):
    """Least of all what the forgotten hour had created: the account knows it by our own id."""
    names = [name for name in restored.contacts("") if name != "Fresh"]
    assert sorted(set(names)) == sorted(names)
    partners = restored.partners("New")
    assert partners == ["New here", "New there"]


def test_a_record_that_gets_a_forgotten_id_is_another(restored):
    """Sequences go back with the restore: "Fresh" was born with the id that "New here" had."""
    assert restored.created_anew == restored.lost, "the ids are given out again"
    assert restored.contacts("Fresh") == ["Fresh"]
    assert restored.contacts("New here") == ["New here"]


@pytest.mark.parametrize("name", LATE)
def test_a_message_of_the_past_does_not_undo_the_present(restored, name):
    """Timeline: the dump holds a change (a new record) that waits to be sent. It was sent in that
    hour, and somebody at the account has changed the field again since.

    What this proves: what has waited for long is not sent before the account was looked at. Once
    the old value was sent right after the restore, before the first poll, and the newer one was
    lost.
    """
    assert city_there(restored, name) == "Of the present"
    assert cities_here(restored, name) == ["Of the present"]


def test_deletions_of_the_forgotten_hour_are_found(restored):
    for name in ("Gone there", "Gone here", "Deleted here"):
        assert cities_here(restored, name) == [], name
        assert restored.box.object("contacts", restored.remote[name])["archived"]


def test_merges_of_the_forgotten_hour_are_followed(restored):
    links = restored.database.rows(
        "SELECT res_id, deleted_at IS NOT NULL FROM sync_link WHERE res_id = ANY(%s)",
        [restored.ids["Merged 1"], restored.ids["Merged 2"]],
    )
    assert sorted(dead for _id, dead in links) == [False, True]
    assert len([name for name in restored.contacts("Merged")]) == 1


def test_the_account_holds_what_it_held(restored):
    """But for the record that was entered after the restore."""
    now = {
        one["id"]: {key: one["properties"].get(key) for key in ("firstname", "city")}
        for one in restored.box.objects("contacts")
        if not one["archived"] and not one.get("mergedInto")
    }
    assert {key: now.get(key) for key in restored.truth} == restored.truth
    assert len(now) == len(restored.truth) + 1


def test_then_there_is_silence(restored):
    restored.check_silence()


def test_a_copy_with_another_uuid_is_silent_until_somebody_connects_it(restored):
    """Odoo gives a duplicated database another uuid. People work on; the account hears nothing of
    it, in neither direction, until one of them says that this is the database to talk to.
    """
    copy = restored.database.clone()
    uuid = "UPDATE ir_config_parameter SET value = 'of the copy' WHERE key = 'database.uuid'"
    copy.execute(uuid)
    copy.execute(AN_HOUR_OLD)
    remote_id, mark = restored.remote["Untouched"], restored.box.last_n()
    forks = Forks(copy)
    try:
        forks.run("env['res.partner'].create({'name': 'Copied'})")
        forks.run(HINT, remote_id=remote_id)
        forks.run(WORK)
        assert restored.box.ledger(after=mark) == [], "the copy has talked to the account"
        forks.run("env['sync.connection'].search([]).action_connect()")
        forks.run(WORK)
        assert restored.contacts("Copied") == ["Copied"]
    finally:
        forks.stop()
        copy.drop()
