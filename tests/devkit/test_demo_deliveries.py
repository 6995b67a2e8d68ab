"""A thousand deliveries, and every one of them accounted for before it is sent."""

import json
import random
from collections import Counter

import pytest

from devkit.demo import deliveries

FORGED = {"eventId": 1, "attemptNumber": 0}


def events(count):
    return [{"eventId": n, "attemptNumber": 0, "propertyName": "é"} for n in range(10, 10 + count)]


@pytest.fixture
def post():
    return deliveries.compose(events(900), FORGED, random.Random(3))


def readable(post):
    found = []
    for row in post.rows:
        if row["body"] not in deliveries.UNREADABLE and row["signature"] == "valid":
            found.append(json.loads(row["body"]))
    return found


def test_there_are_a_thousand_and_the_answers_add_up(post):
    assert len(post.rows) == deliveries.TOTAL == sum(post.answers.values())
    assert post.answers == {202: 989, 400: 10, 401: 1}


def test_every_event_is_in_one_fresh_delivery(post):
    fresh = Counter(
        event["eventId"]
        for body in readable(post)
        for event in body
        if event.get("attemptNumber") == 0
    )
    assert fresh == Counter(event["eventId"] for event in events(900))
    assert post.fresh_events == 900


def test_one_in_four_is_a_duplicate_of_a_whole_delivery(post):
    bodies = [b for b in readable(post) if all("attemptNumber" in event for event in b)]
    first = {frozenset(e["eventId"] for e in b) for b in bodies if b[0]["attemptNumber"] == 0}
    again = [frozenset(e["eventId"] for e in b) for b in bodies if b[0]["attemptNumber"] == 1]
    assert len(again) == len(set(again)) == deliveries.DUPLICATES == deliveries.TOTAL // 4
    assert set(again) <= first
    assert sum(map(len, again)) == post.duplicate_events


def test_the_forged_delivery_is_the_only_one_with_a_wrong_signature(post):
    wrong = [row for row in post.rows if row["signature"] != "valid"]
    assert wrong == [{"body": json.dumps([FORGED], separators=(",", ":")), "signature": "wrong"}]


def test_duplicates_are_spread_over_the_day(post):
    places = [
        at
        for at, row in enumerate(post.rows)
        if row["body"] not in deliveries.UNREADABLE and '"attemptNumber":1' in row["body"]
    ]
    assert min(places) < 100 and max(places) > 900


def test_the_same_seed_gives_the_same_deliveries(post):
    assert deliveries.compose(events(900), FORGED, random.Random(3)) == post


def test_too_few_events_are_refused_rather_than_stretched():
    with pytest.raises(ValueError, match="need as many events"):
        deliveries.compose(events(deliveries.FRESH - 1), FORGED, random.Random(3))


@pytest.mark.parametrize("body", deliveries.UNREADABLE, ids=lambda body: repr(body[:20]))
def test_unreadable_bodies_stay_below_the_size_limit(body):
    assert len(body.encode()) <= 1024 * 1024
