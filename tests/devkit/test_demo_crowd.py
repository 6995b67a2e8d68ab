"""An hour at three places is counted right: what each place has to be told."""

import random

import pytest

from devkit.demo import crowd


def known(count, first):
    return [
        crowd.Known({"hubspot": str(n), "odoo": n + 1000, "salesforce": f"003{n:012}AAA"})
        for n in range(first, first + count)
    ]


@pytest.fixture
def changes():
    return crowd.hour(known(200, 1), known(20, 500), random.Random(3))


def test_every_change_is_in_the_words_of_its_place(changes):
    for place in crowd.PLACES:
        for one in crowd.at(place, changes):
            assert one.kind in crowd.KINDS[place]
            assert one.known is None or one.key == one.known.ids[place]


def test_a_field_of_a_record_is_changed_at_one_place_only(changes):
    back = {(place, word): name for place, names in crowd.NAMES.items()
            for name, word in names.items()}  # fmt: skip
    seen = [(id(one.known), back[one.place, word]) for one in changes if one.known
            for word in one.values]  # fmt: skip
    assert len(seen) == len(set(seen))


def test_some_people_are_changed_at_two_places_at_once(changes):
    places = {}
    for one in changes:
        if one.known:
            places.setdefault(id(one.known), set()).add(one.place)
    assert sum(len(found) == 2 for found in places.values()) == crowd.SHARED
    assert max(map(len, places.values())) == 2


def test_a_place_is_told_what_the_other_two_did(changes):
    """50 people and 5 opportunities at each of the others, 10 births each, and the shared ones, of
    whom every place hears: from one of the others, or from both."""
    births = crowd.NEWCOMERS + crowd.NEW_COMPANIES
    must = 2 * (crowd.PEOPLE + crowd.DEALS + births) + crowd.SHARED
    assert {crowd.to_write(place, changes) for place in crowd.PLACES} == {must}


def test_newcomers_have_an_address_that_tells_them_apart(changes):
    born = [one for one in changes if one.known is None]
    emails = [value for one in born for name, value in one.values.items()
              if name.lower() == "email"]  # fmt: skip
    assert len(emails) == len(set(emails)) == 3 * crowd.NEWCOMERS


def test_the_same_seed_gives_the_same_hour():
    def told():
        hour = crowd.hour(known(200, 1), known(20, 500), random.Random(3))
        return [(one.place, one.kind, one.key, one.values) for one in hour]

    assert told() == told()


def test_too_few_records_that_all_know_are_said_and_not_worked_around():
    with pytest.raises(ValueError, match="that all know"):
        crowd.hour(known(20, 1), known(20, 500), random.Random(3))
