"""People at work on both sides while things break.

Promise: what is done, and with which values, is a pure function of the seed and the slice
(`plan`); which of the records it is done to depends on which exist on both sides by then. Two
people work at once, one in Odoo (through its web client's routes) and one at the account, and
everything they do is in the :class:`~.book.Book` with whether it was acknowledged.

Weakness: a step that finds no record to work on is left out; `skipped` counts them.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass

import requests

from tests.faults.book import FIELDS, MODELS, Book, Record
from tests.odoo_server import Person

#: What each person does, and how often in proportion.
IN_ODOO = {"create": 3, "create_deal": 1, "write": 8, "write_many": 4, "archive": 0.5,
           "unlink": 0.3}  # fmt: skip
AT_ACCOUNT = {"create": 3, "create_deal": 1, "write": 8, "delete": 0.5, "merge": 0.4}
#: Fields each side writes; `function` and the amount are written by both.
ODOO_FIELDS, ACCOUNT_FIELDS = ("city", "function"), ("zip", "function")
#: Steps a second of each person.
PACE = 3.0
#: An answer that takes longer is none. Longer than any fault, or a late commit would be a surprise.
PATIENCE = 60


@dataclass(frozen=True)
class Step:
    """At `at` seconds into the slice: do `what` with `number`, which is in no other step."""

    at: float
    what: str
    number: int
    chance: float


def plan(seed: int, number: int, side: str, seconds: float) -> list[Step]:
    """What the person on `side` does in slice `number`."""
    rng = random.Random(f"{seed}:{number}:{side}")
    weights = IN_ODOO if side == "odoo" else AT_ACCOUNT
    steps, at = [], 0.0
    while (at := at + rng.expovariate(PACE)) < seconds:
        [what] = rng.choices(list(weights), list(weights.values()))
        mark = number * 100_000 + len(steps) * 2 + (side == "odoo")
        steps.append(Step(at, what, mark, rng.random()))
    return steps


class Load:
    """The two people. `with Load(...)` works through one slice and ends with it."""

    def __init__(self, world, book: Book, seed: int, number: int, seconds: float):
        self._book, self._world = book, world
        self.skipped = 0
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(person, plan(seed, number, side, seconds)))
            for side, person in (("odoo", Clerk(world, book)), ("account", Customer(world, book)))
        ]
        self.errors: list[BaseException] = []

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        if self.errors:
            raise self.errors[0]

    def _work(self, person, steps: list[Step]) -> None:
        try:
            begun = time.monotonic()
            for step in steps:
                if self._over.wait(max(begun + step.at - time.monotonic(), 0)):
                    return
                self.skipped += not person.do(step)
        except BaseException as error:  # noqa: BLE001 (told by the main thread)
            self.errors.append(error)


class Clerk:
    """Somebody at Odoo's screens."""

    def __init__(self, world, book: Book):
        self._world, self._book, self._person = world, book, None

    def do(self, step: Step) -> bool:
        """False where there was nothing to do it to."""
        return getattr(self, f"_{step.what}")(step)

    def _create(self, step: Step) -> bool:
        mark = f"person{step.number}@faults.example"
        values = {"city": f"City {step.number}"}
        return self._enter("contacts", mark, values, name=f"Person {step.number}", email=mark)

    def _create_deal(self, step: Step) -> bool:
        mark = f"Deal {step.number} faults.example"
        values = {"expected_revenue": step.number + 0.25}
        # Nobody's deal: the account does not know Odoo's administrator, who would be the owner.
        more = {"name": mark, "type": "opportunity", "user_id": False}
        return self._enter("deals", mark, values, **more)

    def _enter(self, kind: str, mark: str, values: dict, **more) -> bool:
        record = self._book.add(Record(kind, mark, certain=False))
        ids = self._call(MODELS[kind], "create", [{**values, **more}])
        if ids:
            record.res_id, record.certain = ids[0], True
        base = {name: str(value) for name, value in values.items()}
        self._book.note([record], "odoo", base, ids is not None)
        return True

    def _write(self, step: Step) -> bool:
        kind = "deals" if step.number % 5 == 0 else "contacts"
        return self._change(kind, [self._book.pick(kind, step.chance)], step)

    def _write_many(self, step: Step) -> bool:
        rng = random.Random(step.number)
        found = [self._book.pick("contacts", rng.random()) for _ in range(8)]
        return self._change("contacts", list({id(one): one for one in found}.values()), step)

    def _change(self, kind: str, records: list[Record | None], step: Step) -> bool:
        records = [record for record in records if record]
        if not records:
            return False
        values = _values(kind, ODOO_FIELDS, step.number)
        done = self._call(MODELS[kind], "write", [one.res_id for one in records], values)
        written = {name: str(value) for name, value in values.items()}
        self._book.note(records, "odoo", written, done is not None)
        return True

    def _archive(self, step: Step) -> bool:
        return self._remove(step, "action_archive")

    def _unlink(self, step: Step) -> bool:
        return self._remove(step, "unlink")

    def _remove(self, step: Step, method: str) -> bool:
        record = self._book.pick("contacts", step.chance)
        if not record:
            return False
        record.deleted = False
        record.deleted = self._call("res.partner", method, [record.res_id], none=True) is not None
        return True

    def _call(self, model: str, method: str, *args, none: bool = False):
        """What Odoo answered, or None where it did not: then it may have been done or not."""
        try:
            self._person = self._person or Person(self._world.odoo, patience=PATIENCE)
            answer = self._person.call(model, method, *args)
        except (AssertionError, requests.RequestException, ValueError):
            self._book.count(False)
            return None
        self._book.count(True)
        return True if none else answer


class Customer:
    """Somebody at the account's screens; they always work."""

    def __init__(self, world, book: Book):
        self._box, self._book, self._world = world.box, book, world

    def do(self, step: Step) -> bool:
        return getattr(self, f"_{step.what}")(step)

    def _create(self, step: Step) -> bool:
        mark = f"person{step.number}@faults.example"
        name = {"firstname": "Person", "lastname": str(step.number), "email": mark}
        return self._enter("contacts", mark, {"zip": str(step.number)}, name)

    def _create_deal(self, step: Step) -> bool:
        mark = f"Deal {step.number} faults.example"
        more = {"dealname": mark, "pipeline": "default", "dealstage": "appointmentscheduled"}
        return self._enter("deals", mark, {"expected_revenue": step.number + 0.5}, more)

    def _enter(self, kind: str, mark: str, values: dict, more: dict) -> bool:
        record = Record(kind, mark)
        self._note([record], kind, values)
        properties = _theirs(kind, values) | more
        record.remote_id = self._box.change(kind, {"properties": properties})["id"]
        self._book.add(record)
        return True

    def _write(self, step: Step) -> bool:
        kind = "deals" if step.number % 5 == 0 else "contacts"
        record = self._book.pick(kind, step.chance)
        if not record:
            return False
        values = _values(kind, ACCOUNT_FIELDS, step.number)
        self._note([record], kind, values)
        self._box.change(kind, {"id": record.remote_id, "properties": _theirs(kind, values)})
        return True

    def _delete(self, step: Step) -> bool:
        record = self._book.pick("contacts", step.chance)
        if not record:
            return False
        record.deleted = True
        self._box.change("contacts", {"id": record.remote_id, "action": "delete"})
        return True

    def _merge(self, step: Step) -> bool:
        """The one of the two that survives goes on under a new id."""
        winner, loser = (self._book.pick("contacts", chance) for chance in (step.chance, 0.99))
        if not winner or not loser or winner is loser:
            return False
        change = {"id": winner.remote_id, "action": "merge", "other": loser.remote_id}
        winner.excused = True
        winner.remote_id = self._box.change("contacts", change)["id"]
        self._book.records.remove(loser)
        return True

    def _note(self, records: list[Record], kind: str, values: dict) -> None:
        self._book.note(records, "account", {name: str(one) for name, one in values.items()}, True)


def _values(kind: str, fields: tuple[str, ...], number: int) -> dict:
    """A value that nobody writes twice, for one of the fields."""
    if kind == "deals":
        return {"expected_revenue": number + 0.75}
    name = fields[number // 2 % len(fields)]
    return {name: str(number) if name == "zip" else f"{name.capitalize()} {number}"}


def _theirs(kind: str, values: dict) -> dict[str, str]:
    return {FIELDS[kind][name]: str(value) for name, value in values.items()}
