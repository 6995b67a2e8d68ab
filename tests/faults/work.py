"""Work in both directions, and whether it was done; shared by the scenarios."""

from __future__ import annotations

import itertools

from tests.faults.scene import Scene

_numbers = itertools.count(1)


def work_both_ways(scene: Scene) -> str:
    """Leave records and changes of records waiting in each direction; how their names start."""
    word = f"Work {next(_numbers)}"
    ids = scene.create(f"{word} Out 1", f"{word} Out 2")
    remote_ids = scene.enter(f"{word} In 1", f"{word} In 2")
    scene.tell(*remote_ids)
    scene.settle()
    scene.write(ids, city="Gent")
    scene.box.change(
        "contacts", [{"id": one, "properties": {"city": "Lier"}} for one in remote_ids]
    )
    scene.create(f"{word} Out 3")
    scene.tell(*remote_ids, *scene.enter(f"{word} In 3"))
    return word


def assert_worked(scene: Scene, word: str) -> None:
    """Each is there once on each side, with its change."""
    names = [f"{word} {way} {number}" for way in ("In", "Out") for number in (1, 2, 3)]
    assert scene.partners(word) == names
    assert scene.contacts(word) == names
    cities = scene.database.rows(
        "SELECT name, city FROM res_partner WHERE starts_with(name, %s) AND city IS NOT NULL", word
    )
    assert dict(cities) == {
        f"{word} In 1": "Lier",
        f"{word} In 2": "Lier",
        f"{word} Out 1": "Gent",
        f"{word} Out 2": "Gent",
    }
