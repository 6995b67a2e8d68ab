"""One thousand deliveries out of a day's events: shuffled, one in four a duplicate.

Pure: events and a seed in, deliveries in the form that the control surface sends raw out. A
duplicate is a delivery sent again with its attempt counted, as HubSpot does when an answer was
lost. Some are signed rightly and unreadable, some hold an element that fits no schema, and one,
which would delete a contact, is signed with a wrong secret.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

TOTAL = 1_000
DUPLICATES = 250
UNREADABLE = (
    "",
    "this is not JSON",
    '[{"subscriptionType":"contact.propertyChange",',
    '"contact.creation"',
    '[{"eventId":1,"eventId":2}]',
    "null",
    "[" * 100_000,
    "[NaN]",
    f"[{'9' * 1_000_000}]",
    "<!DOCTYPE html><title>502 Bad Gateway</title>",
)
MISFITS = (
    '[{"subscriptionType":"contact.propertyChange","occurredAt":"yesterday","objectId":1}]',
    '[{"subscriptionType":"deal.creation","eventId":7}]',
)
FORGED = 1
FRESH = TOTAL - DUPLICATES - len(UNREADABLE) - len(MISFITS) - FORGED


@dataclass(frozen=True)
class Post:
    """What to send, and the numbers that must come of it."""

    rows: list[dict]
    fresh_events: int
    duplicate_events: int
    answers: dict[int, int] = field(default_factory=dict)


def compose(events: Sequence[dict], forged: dict, rng: random.Random) -> Post:
    """Put `events` into deliveries and add what else arrives in such a day.

    :param forged: an event nobody sent; it goes out with a wrong signature
    :raises ValueError: there are fewer events than deliveries that must hold one
    """
    fresh = _parcels(events, rng)
    again = [_again(parcel, rng) for parcel in rng.sample(fresh, DUPLICATES)]
    rows = [_row(_body(parcel)) for parcel in (*fresh, *again)]
    rows += [_row(text) for text in (*UNREADABLE, *MISFITS)]
    rows.append(_row(_body([forged]), "wrong"))
    rng.shuffle(rows)
    answers = {202: len(fresh) + len(again) + len(MISFITS), 400: len(UNREADABLE), 401: FORGED}
    return Post(rows, len(events), sum(map(len, again)), answers)


def _parcels(events: Sequence[dict], rng: random.Random) -> list[list[dict]]:
    """Every delivery holds one event, some hold more."""
    if len(events) < FRESH:
        raise ValueError(f"{FRESH} deliveries need as many events; there are {len(events)}")
    mixed = list(events)
    rng.shuffle(mixed)
    parcels = [[event] for event in mixed[:FRESH]]
    for event in mixed[FRESH:]:
        rng.choice(parcels).append(event)
    return parcels


def _again(parcel: Sequence[dict], rng: random.Random) -> list[dict]:
    copies = [{**event, "attemptNumber": event["attemptNumber"] + 1} for event in parcel]
    rng.shuffle(copies)
    return copies


def _body(events: Sequence[dict]) -> str:
    return json.dumps(events, ensure_ascii=False, separators=(",", ":"))


def _row(body: str, signature: str = "valid") -> dict:
    return {"body": body, "signature": signature}
