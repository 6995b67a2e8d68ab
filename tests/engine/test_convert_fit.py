"""Which converter a line gets, and what who edits a mapping is told where it does not fit."""

from __future__ import annotations

import pytest
from converter_cases import SPECS, spec

from engine import convert
from engine.convert import CONVERTERS, FieldSpec, check, converter_for, default_converter
from engine.converters.text import Text
from engine.errors import ContractError


@pytest.mark.parametrize(
    ('odoo_type', 'remote_type', 'name'),
    [
        ('char', 'string', 'text'),
        ('char', 'enumeration', 'option'),
        ('char', 'multi_enumeration', 'multi'),
        ('char', 'email', 'email'),
        ('char', 'phone', 'phone'),
        ('text', 'text', 'multiline'),
        ('html', 'text', 'html_text'),
        ('integer', 'float', 'integer'),
        ('monetary', 'float', 'decimal'),
        ('float', 'integer', 'decimal'),
        ('boolean', 'boolean', 'boolean'),
        ('date', 'date', 'date'),
        ('date', 'datetime', 'date_datetime'),
        ('datetime', 'datetime', 'datetime'),
        ('selection', 'enumeration', 'selection'),
        ('many2one', 'association', None),
        ('binary', 'string', None),
    ],
)
def test_automatic_means_the_converter_of_the_types(odoo_type, remote_type, name):
    assert default_converter(odoo_type, remote_type) == name


def automatic(odoo_type, remote_type, **params):
    return FieldSpec('f', 'f', odoo_type, ('r',), remote_type, params)


def test_an_automatic_choice_is_itself_accepted():
    for odoo_type, remote_type in [*convert._BY_BOTH, ('char', 'string'), ('float', 'float')]:
        assert check(automatic(odoo_type, remote_type)) is None
    assert converter_for(automatic('char', 'email')).name == 'email'
    assert check(automatic('selection', 'enumeration', map={'a': 'b'})) is None


@pytest.mark.parametrize(
    ('line', 'sentence'),
    [
        (automatic('many2one', 'string'), 'Choose one, or map another field.'),
        (spec('no_such'), 'there is no converter "no_such". Choose one from the list.'),
        (spec('full_name'), 'takes 2 remote field(s), not 1'),
        (
            spec('full_name', remote=('a', 'b'), single='middle'),
            '"single" has to be "first" or "last", not \'middle\'.',
        ),
        (spec('text', remote=('a', 'b')), 'takes 1 remote field(s), not 2'),
        (spec('link', 'many2one', remote=()), 'takes 1 to 5 remote field(s), not 0'),
        (spec('date', 'char'), 'does not fit an Odoo field of the type char; it is for date.'),
        (automatic('date', 'boolean'), 'does not fit a remote field of the type boolean'),
        (spec('decimal', 'float', digits=2), None),
        (spec('selection', 'selection'), 'say under "map"'),
        (spec('selection', 'selection', map=[]), 'say under "map"'),
        (spec('selection', 'selection', map={'a': ''}), 'needs a choice in Odoo'),
        (spec('phone', country_prefix='32'), 'like +32'),
        (spec('country', write='flag'), '"name" or "code"'),
        (spec('date_datetime', 'date', time_zone='Mars/Olympus'), 'like "Europe/Brussels"'),
        (spec('date_datetime', 'date', time_zone=3), 'like "Europe/Brussels"'),
    ],
)
def test_a_mapping_that_does_not_fit_is_told_why(line, sentence):
    problem = check(line)
    assert problem is None if sentence is None else sentence in problem


@pytest.mark.parametrize('digits', [-1, 13, '2', True, 2.0])
def test_a_precision_that_is_none_is_refused(digits):
    line = FieldSpec('f', 'f', 'float', ('r',), 'float', {'digits': digits}, None, None, 'decimal')
    assert '"digits"' in check(line)


def test_a_line_whose_fields_have_changed_meanwhile_is_a_contract_error():
    with pytest.raises(ContractError) as changed:
        converter_for(automatic('binary', 'string'))
    assert 'Choose one, or map another field' in changed.value.user_message
    assert changed.value.code == 'NO_CONVERTER'


def test_another_add_on_may_bring_a_converter(monkeypatch):
    monkeypatch.setattr(convert, 'CONVERTERS', dict(CONVERTERS))

    @convert.register
    class Shout(Text):
        name = 'shout'

        def canonical(self, value):
            text = super().canonical(value)
            return text and text.upper()

    assert converter_for(spec('shout')).from_remote(('a',)) == 'A'
    assert check(spec('shout')) is None


def test_every_converter_has_a_name_for_people_and_fits_something():
    labels = [cls.label for cls in CONVERTERS.values()]
    assert len(set(labels)) == len(labels)
    assert all(cls.odoo_types and cls.remote_types for cls in CONVERTERS.values())


def test_a_converter_and_a_line_say_what_they_are():
    assert repr(converter_for(SPECS['email'])) == '<converter email of field>'
    assert SPECS['full_name'].remote_name == 'first+last'
