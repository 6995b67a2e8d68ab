"""What holds for every converter and every value: canonical forms are at rest."""

from __future__ import annotations

import json

import pytest
from converter_cases import SPECS, odoo_values, wire_values
from hypothesis import given
from hypothesis import strategies as st

from engine.convert import CONVERTERS, check, converter_for
from engine.errors import DataError

every_converter = pytest.mark.parametrize('name', SPECS)


REFUSED = object()


def canonical_of(convert, value, spec):
    """The canonical value; a refusal must serve the user, and ends the example."""
    try:
        return convert(value)
    except DataError as error:
        assert error.field == spec.remote_name
        assert spec.key in error.user_message
        assert len(error.user_message) < 800
        return REFUSED


def assert_at_rest(converter, canonical):
    """A canonical value survives both ways, and is what a snapshot can hold."""
    if canonical is REFUSED:
        return
    assert converter.from_odoo(converter.to_odoo(canonical)) == canonical
    assert json.loads(json.dumps(canonical)) == canonical
    assert '\\u0000' not in json.dumps(canonical)
    json.dumps(canonical, ensure_ascii=False).encode('utf-8')
    try:
        wire = converter.to_remote(canonical)
    except DataError:
        return  # no such option, no address: told to the user before it is sent
    assert len(wire) == len(converter.spec.remote_fields)
    assert all(value is None or isinstance(value, str) for value in wire)
    assert converter.from_remote(wire) == canonical
    assert converter.from_remote(converter.to_remote(canonical, wire)) == canonical


def test_every_converter_has_its_cases():
    assert {spec.converter for spec in SPECS.values()} == set(CONVERTERS)


@every_converter
def test_the_cases_are_mappings_that_would_be_accepted(name):
    assert check(SPECS[name]) is None


@every_converter
@given(data=st.data())
def test_what_the_remote_sends_comes_to_rest(name, data):
    spec = SPECS[name]
    converter = converter_for(spec)
    wire = tuple(data.draw(wire_values) for _ in spec.remote_fields)
    assert_at_rest(converter, canonical_of(converter.from_remote, wire, spec))


@every_converter
@given(data=st.data())
def test_what_odoo_holds_comes_to_rest(name, data):
    spec = SPECS[name]
    converter = converter_for(spec)
    value = data.draw(odoo_values(spec))
    assert_at_rest(converter, canonical_of(converter.from_odoo, value, spec))


@every_converter
@given(data=st.data())
def test_what_the_remote_has_now_is_kept_where_it_means_the_same(name, data):
    spec = SPECS[name]
    converter = converter_for(spec)
    current = tuple(data.draw(wire_values) for _ in spec.remote_fields)
    canonical = canonical_of(converter.from_remote, current, spec)
    if canonical is REFUSED:
        return
    try:
        wire = converter.to_remote(canonical, current)
    except DataError:
        return
    assert converter.from_remote(wire) == canonical


@every_converter
@given(data=st.data())
def test_the_spelling_of_the_remote_never_changes_the_meaning(name, data):
    spec = SPECS[name]
    converter = converter_for(spec)
    wire = tuple(data.draw(wire_values) for _ in spec.remote_fields)
    canonical = canonical_of(converter.from_remote, wire, spec)
    if canonical is REFUSED:
        return
    spelling = data.draw(st.sampled_from((None, wire[0], 'something else')))
    assert converter.from_odoo(converter.to_odoo(canonical, spelling)) == canonical


@every_converter
@pytest.mark.parametrize('empty', [None, '', '   ', '\x00', '\u2028'])
def test_nothing_is_nothing_however_it_is_written(name, empty):
    spec = SPECS[name]
    converter = converter_for(spec)
    nothing = converter.from_remote((None,) * len(spec.remote_fields))
    assert converter.from_remote((empty,) * len(spec.remote_fields)) == nothing
    assert converter.from_odoo(False) == nothing
    assert nothing in (None, False, 0, '0')
