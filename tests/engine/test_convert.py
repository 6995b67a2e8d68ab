"""Each converter by example: what people really write, and what they are told."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from converter_cases import SPECS, spec
from markupsafe import Markup

from engine.convert import converter_for
from engine.errors import DataError


def remote(name, *wire):
    return converter_for(SPECS[name]).from_remote(wire)


def odoo(name, value):
    return converter_for(SPECS[name]).from_odoo(value)


def sent(name, canonical, current=None):
    return converter_for(SPECS[name]).to_remote(canonical, current)


def stored(name, canonical, spelling=None):
    return converter_for(SPECS[name]).to_odoo(canonical, spelling)


@pytest.mark.parametrize(
    ('name', 'wire', 'canonical'),
    [
        ('text', '  Zoe\u0308 \t  Müller\r\n', 'Zoë Müller'),
        ('text', 'a\x00b\x1fc\ud83dd', 'abcd'),
        ('text', 42, '42'),
        ('text', True, 'true'),
        ('multiline', ' a  b \r\n\r\n c\u2028d ', 'a  b\n\n c\nd'),
        ('html_text', 'a \n\n\n\n b  c', 'a\n\nb c'),
        ('integer', '12.0', 12),
        ('integer', 7.0, 7),
        ('integer', '0', None),
        ('integer, zero kept', None, 0),
        ('decimal', '10.50', '10.5'),
        ('decimal', '1e3', '1000'),
        ('decimal', 0.1 + 0.2, '0.3'),
        ('decimal', '0.00', None),
        ('decimal, field precision', '2.0005', '2.001'),
        ('decimal, field precision', '-0.0001', None),
        ('decimal, own precision', '2.5', '3'),
        ('decimal, amount', '19.999', '20'),
        ('decimal, zero kept', '', '0'),
        ('boolean', 'TRUE', True),
        ('boolean', '0', False),
        ('boolean', None, False),
        ('date', '2026-05-10', '2026-05-10'),
        ('date', '1778371200000', '2026-05-10'),
        ('date', 1778371200000, '2026-05-10'),
        ('date', '-86400000', '1969-12-31'),
        ('datetime', '2026-05-10T10:00:00.999Z', '2026-05-10T10:00:00Z'),
        ('datetime', '2026-05-10T10:00:00+02:00', '2026-05-10T08:00:00Z'),
        ('datetime', '2026-05-10T10:00-0530', '2026-05-10T15:30:00Z'),
        ('datetime', '2026-05-10 10:00 UTC', '2026-05-10T10:00:00Z'),
        ('datetime', '1778407200999', '2026-05-10T10:00:00Z'),
        ('date_datetime', '2026-05-11T03:00:00Z', '2026-05-11'),
        ('date_datetime, New York', '2026-05-11T03:00:00Z', '2026-05-10'),
        ('date_datetime, Kiritimati', '2026-05-10T13:00:00Z', '2026-05-11'),
        ('selection', 'LEAD', 'new'),
        ('selection', 'mql', 'new'),
        ('selection', 'Marketing qualified lead', 'new'),
        ('selection', ' other ', 'other'),
        ('selection, no options', 'lead', 'new'),
        ('option', 'mql', 'mql'),
        ('option', 'lead', 'lead'),
        ('option', 'Lead', 'Lead'),
        ('multi', 'OTHER;lead;;lead', ['OTHER', 'lead']),
        ('multi', ['lead'], ['lead']),
        ('email', ' Ada@Example.COM ', 'ada@example.com'),
        ('email', '"Ada" <Ada@example.com>', 'ada@example.com'),
        ('phone', '+32 (0)2 555 12 34', '+3225551234'),
        ('phone', '0032 2 555.12.34', '+3225551234'),
        ('phone', '02/555 12 34', '025551234'),
        ('phone', '(415) 555-0100 ext. 12', '4155550100;ext=12'),
        ('phone', '+1 415 555 0100 x12', '+14155550100;ext=12'),
        ('phone', '1-800-FLOWERS', '1-800-FLOWERS'),
        ('phone', 'n/a', 'n/a'),
        ('phone', 3225551234, '3225551234'),
        ('phone, national', '02 555 12 34', '+3225551234'),
        ('phone, national', '+44 20 7946 0958', '+442079460958'),
        ('url', 'HTTP://Example.COM/', 'example.com'),
        ('url', 'https://example.com/Path?Q=1', 'example.com/Path?Q=1'),
        ('url', 'example.com:8080', 'example.com:8080'),
        ('url', 'see LinkedIn', 'see LinkedIn'),
        ('domain', 'https://www.Acme.example/about', 'acme.example'),
        ('domain', 'acme.example.', 'acme.example'),
        ('domain', 'none', 'none'),
        ('country', 'be', 'BE'),
        ('country', 'BELGIUM', 'BE'),
        ('country', "Cote d'Ivoire", 'CI'),
        ('country', 'Ivory Coast', 'CI'),
        ('country', 'curacao', 'CW'),
        ('country', 'The Netherlands', 'NL'),
        ('country', 'U.S.A.', 'US'),
        ('country', 'England', 'GB'),
        ('country, no list', 'fr', 'FR'),
        ('country, no list', 'Holland', 'NL'),
        ('owner', 4711, '4711'),
        ('owner', 4711.0, '4711'),
        ('owner', '', None),
        ('stage', 'closedwon', 'closedwon'),
    ],
)
def test_what_remotes_send_is_understood(name, wire, canonical):
    assert remote(name, wire) == canonical


@pytest.mark.parametrize(
    ('name', 'value', 'canonical'),
    [
        ('html_text', Markup('<p><b>Ada</b> &amp; Bob</p><p>a<br/>b</p>'), 'Ada & Bob\na\nb'),
        ('html_text', '<p><br></p>', None),
        ('html_text', '<style>p {}</style><ul><li>a\n b</li><li>c</li></ul>', 'a b\nc'),
        ('decimal', 10.5, '10.5'),
        ('decimal', 0.0, None),
        ('decimal, amount', 1234567.895, '1234567.9'),
        ('integer', 0, None),
        ('date', date(2026, 5, 10), '2026-05-10'),
        ('datetime', datetime(2026, 5, 10, 10, 0, 0, 5), '2026-05-10T10:00:00Z'),  # noqa: DTZ001
        ('date_datetime, New York', date(2026, 5, 10), '2026-05-10'),
        ('option', 'Marketing qualified lead', 'mql'),
        ('option', 'twin_1', 'twin_1'),
        ('multi', 'Other; marketing qualified lead', ['OTHER', 'mql']),
        ('url', 'http://example.com', 'example.com'),
        ('domain', 'http://www.example.com/', 'example.com'),
        ('country', 'BE', 'BE'),
        ('full_name', 'Ada  Lovelace', 'Ada Lovelace'),
    ],
)  # fmt: skip
def test_what_odoo_holds_is_understood(name, value, canonical):
    assert odoo(name, value) == canonical


@pytest.mark.parametrize(
    ('name', 'canonical', 'wire'),
    [
        ('text', None, (None,)),
        ('decimal', '10.5', ('10.5',)),
        ('integer', 12, ('12',)),
        ('boolean', False, ('false',)),
        ('date', '2026-05-10', ('2026-05-10',)),
        ('datetime', '2026-05-10T10:00:00Z', ('2026-05-10T10:00:00Z',)),
        ('date_datetime', '2026-05-10', ('2026-05-10T12:00:00Z',)),
        ('date_datetime, New York', '2026-05-10', ('2026-05-10T16:00:00Z',)),
        ('selection', 'new', ('lead',)),
        ('selection', None, (None,)),
        ('multi', ['OTHER', 'lead'], ('OTHER;lead',)),
        ('multi', None, (None,)),
        ('email', 'ada.k@example.com', ('ada.k@example.com',)),
        ('phone', '+3225551234;ext=9', ('+3225551234 ext. 9',)),
        ('url', 'example.com/a', ('https://example.com/a',)),
        ('url', 'see LinkedIn', ('see LinkedIn',)),
        ('domain', 'example.com', ('example.com',)),
        ('country', 'BE', ('Belgium',)),
        ('country, by code', 'BE', ('BE',)),
        ('country, no list', 'BE', ('BE',)),
        ('full_name', None, (None, None)),
        ('full_name', 'Ada', ('Ada', None)),
        ('full_name', 'Ada King Lovelace', ('Ada King', 'Lovelace')),
        ('full_name', 'Ludwig van Beethoven', ('Ludwig', 'van Beethoven')),
        ('full_name', 'Van Morrison', ('Van', 'Morrison')),
        ('full_name, last demanded', 'Madonna', (None, 'Madonna')),
        ('full_name, last demanded', 'Ada Lovelace', ('Ada', 'Lovelace')),
        ('link', '12', ('12', None)),
        ('option, none known', 'anything', ('anything',)),
    ],
)
def test_what_is_sent_is_what_remotes_take(name, canonical, wire):
    assert sent(name, canonical) == wire


@pytest.mark.parametrize(
    ('name', 'canonical', 'current', 'wire'),
    [
        ('full_name', 'Mary Ann Smith', ('Mary', 'Ann Smith'), ('Mary', 'Ann Smith')),
        ('full_name', 'Mary Ann Smith Jones', ('Mary', 'Ann Smith'), ('Mary', 'Ann Smith Jones')),
        ('full_name', 'Maria Ann Smith', ('Mary', 'Ann Smith'), ('Maria', 'Ann Smith')),
        ('full_name', 'Bob Stone', ('Mary', 'Ann Smith'), ('Bob', 'Stone')),
        ('phone', '+3225551234', ('+32 2 555 12 34',), ('+32 2 555 12 34',)),
        ('phone', '+3225551234', ('+32 9',), ('+3225551234',)),
        ('country', 'US', ('USA',), ('USA',)),
        ('country', 'US', ('nowhere',), ('United States',)),
        ('selection', 'new', ('mql',), ('mql',)),
        ('selection', 'other', ('mql',), ('OTHER',)),
        ('date_datetime', '2026-05-10', ('2026-05-10T23:00:00Z',), ('2026-05-10T23:00:00Z',)),
        ('date_datetime', '2026-05-10', ('soon',), ('2026-05-10T12:00:00Z',)),
    ],
)
def test_the_remotes_own_form_is_kept_where_it_means_the_same(name, canonical, current, wire):
    assert sent(name, canonical, current) == wire


@pytest.mark.parametrize(
    ('name', 'canonical', 'value'),
    [
        ('text', None, False),
        ('integer', None, 0),
        ('decimal', None, 0.0),
        ('decimal', '10.5', 10.5),
        ('boolean', None, False),
        ('date', '2026-05-10', date(2026, 5, 10)),
        ('datetime', '2026-05-10T10:00:00Z', datetime(2026, 5, 10, 10)),  # noqa: DTZ001
        ('html_text', 'a < b\nc', '<p>a &lt; b<br>c</p>'),
        ('option', 'mql', 'Marketing Qualified Lead'),
        ('option', 'twin_1', 'twin_1'),
        ('multi', ['mql', 'x'], 'Marketing Qualified Lead; x'),
        ('domain', 'example.com', 'https://example.com'),
        ('domain, bare', 'example.com', 'example.com'),
        ('full_name', None, False),
    ],
)
def test_what_is_stored_is_what_odoo_takes(name, canonical, value):
    assert stored(name, canonical) == value
    assert type(stored(name, canonical)) is type(value)


def test_a_number_keeps_the_blanks_of_who_wrote_it():
    assert stored('phone', '+3225551234', '+32 2 555 12 34') == '+32 2 555 12 34'
    assert stored('phone', '+3225551234', 'another number') == '+3225551234'


def test_of_several_linked_records_the_first_that_is_there_counts():
    assert remote('link', None, '12') == '12'
    assert remote('link', '', None) is None


@pytest.mark.parametrize(
    ('name', 'wire', 'said'),
    [
        ('text', {'a': 1}, 'it is no text'),
        ('integer', '12.5', 'no whole number'),
        ('integer', '2147483648', 'no whole number'),
        ('decimal', '1.234,50', 'it is no number'),
        ('decimal', float('nan'), 'it is no number'),
        ('decimal', '9' * 65, 'it is no number'),
        ('decimal', '1e99', 'too large'),
        ('boolean', 'maybe', 'neither yes nor no'),
        ('date', '10/05/2026', 'no date'),
        ('date', '20260510', 'no date'),
        ('date', '2026-02-30', 'no date'),
        ('date', '0999-01-01', '1000 to 9998'),
        ('datetime', '2026-05-10T25:00:00Z', 'no date'),
        ('datetime', '2026-05-10T10:00:00+99:00', 'no date'),
        ('datetime', '999999999999999', 'no date'),
        ('datetime', '-50000000000000', '1000 to 9998'),
        ('selection', 'strange', 'Add it to the choices'),
        ('country', 'Atlantis', 'English name or ISO code'),
        ('owner', True, 'no key'),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_field_value_and_remedy(name, wire, said):
    with pytest.raises(DataError) as refused:
        remote(name, wire)
    message = refused.value.user_message
    assert said in message
    assert SPECS[name].key in message
    assert str(wire)[:20] in message
    assert refused.value.field == 'remote'


@pytest.mark.parametrize(
    ('name', 'canonical', 'said'),
    [
        ('selection', 'strange', 'no counterpart'),
        ('option', 'strange', 'no such option'),
        ('multi', ['lead', 'strange'], 'no such option'),
        ('email', 'not an address', 'no e-mail address'),
        ('email', 'a@b', 'no e-mail address'),
        ('email', 'a..b@c.example', 'no e-mail address'),
        ('email', f'{"a" * 65}@c.example', 'no e-mail address'),
    ],
)
def test_what_the_remote_would_refuse_is_refused_before_it_is_sent(name, canonical, said):
    with pytest.raises(DataError) as refused:
        sent(name, canonical)
    assert said in refused.value.user_message


def test_a_long_value_is_shortened_in_the_message():
    with pytest.raises(DataError) as refused:
        remote('country', 'x' * 10_000)
    assert len(refused.value.user_message) < 250


def test_a_long_list_of_options_is_shortened_in_the_message():
    many = [{'value': f'v{number}', 'label': f'Label {number}'} for number in range(500)]
    with pytest.raises(DataError) as refused:
        converter_for(spec('option', options=many)).to_remote('strange')
    assert 'and 492 more' in refused.value.user_message
