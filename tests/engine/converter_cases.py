"""One or more lines of a mapping for every converter, with values such as both sides hold."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from hypothesis import strategies as st

from engine.convert import FieldSpec

OPTIONS = [
    {'value': 'lead', 'label': 'Lead'},
    {'value': 'mql', 'label': 'Marketing Qualified Lead'},
    {'value': 'OTHER', 'label': 'Other'},
    {'value': 'twin_1', 'label': 'Twin'},
    {'value': 'twin_2', 'label': 'twin'},
    {'value': 'Lead', 'label': 'Another lead'},
    {'value': ' ', 'label': 'blank'},
]
COUNTRIES = {
    'BE': 'Belgium', 'FR': 'France', 'GB': 'United Kingdom', 'US': 'United States',
    'CI': "Côte d'Ivoire", 'NL': 'Netherlands', 'CW': 'Curaçao', 'CZ': 'Czech Republic',
}  # fmt: skip
REMOTE_TYPE = {
    'integer': 'float', 'decimal': 'float', 'boolean': 'boolean', 'date': 'date',
    'datetime': 'datetime', 'date_datetime': 'datetime', 'selection': 'enumeration',
    'option': 'enumeration', 'multi': 'multi_enumeration', 'link': 'association',
    'owner': 'reference', 'stage': 'enumeration',
}  # fmt: skip


def spec(
    converter, odoo_type='char', remote=('remote',), odoo_field='field', digits=None, **params
):
    return FieldSpec(
        key=odoo_field,
        odoo_field=odoo_field,
        odoo_type=odoo_type,
        remote_fields=remote,
        remote_type=REMOTE_TYPE.get(converter, 'string'),
        params=params,
        digits=digits,
        converter=converter,
    )


CHOICES = {'lead': 'new', 'Marketing Qualified Lead': 'new', 'OTHER': 'other'}

SPECS = {
    'text': spec('text'),
    'multiline': spec('multiline', 'text'),
    'html_text': spec('html_text', 'html'),
    'integer': spec('integer', 'integer'),
    'integer, zero kept': spec('integer', 'integer', keep_zero=True),
    'decimal': spec('decimal', 'float'),
    'decimal, field precision': spec('decimal', 'float', digits=3),
    'decimal, own precision': FieldSpec(
        'field', 'field', 'float', ('remote',), 'float', {'digits': 0}, 2, converter='decimal'
    ),
    'decimal, amount': spec('decimal', 'monetary'),
    'decimal, zero kept': spec('decimal', 'monetary', keep_zero=True),
    'boolean': spec('boolean', 'boolean'),
    'date': spec('date', 'date'),
    'datetime': spec('datetime', 'datetime'),
    'date_datetime': spec('date_datetime', 'date'),
    'date_datetime, New York': spec('date_datetime', 'date', time_zone='America/New_York'),
    'date_datetime, Kiritimati': spec('date_datetime', 'date', time_zone='Pacific/Kiritimati'),
    'selection': spec('selection', 'selection', map=CHOICES, options=OPTIONS),
    'selection, no options': spec('selection', 'selection', map=CHOICES),
    'option': spec('option', options=OPTIONS),
    'option, none known': spec('option'),
    'multi': spec('multi', options=OPTIONS),
    'email': spec('email'),
    'phone': spec('phone'),
    'phone, national': spec('phone', country_prefix='+32'),
    'url': spec('url', odoo_field='website'),
    'domain': spec('domain', odoo_field='website'),
    'domain, bare': spec('domain'),
    'country': spec('country', countries=COUNTRIES),
    'country, by code': spec('country', countries=COUNTRIES, write='code'),
    'country, no list': spec('country'),
    'full_name': spec('full_name', remote=('first', 'last')),
    'full_name, last demanded': spec(
        'full_name', remote=('first', 'last'), single='last'),
    'link': spec('link', 'many2one', remote=('associations.a', 'associations.b')),
    'owner': spec('owner', 'many2one'),
    'stage': spec('stage', 'many2one'),
}

text = st.one_of(
    st.text(max_size=40),
    st.text(st.sampled_from('aA1é \t\n\r\u00a0\u2028\u0301\x00\x0b;<>&@.:/+-()#xext'), max_size=40),
    st.text(st.characters(codec=None, categories=None, exclude_characters=''), max_size=10),
)
words = st.sampled_from((
    'Lead', 'LEAD', 'mql', 'Twin', 'twin_2', 'lead;mql', 'lead ; other', 'other', 'unknown', 'true',
    'No', '1', 'Belgium', 'be', 'Ivory Coast', 'the netherlands', 'CURACAO', 'U.S.A.', 'uk',
    '+32 (0)2 555 12 34', '0032 2 555 12 34', '02/555.12.34', '(415) 555-0100 ext. 12', '555#9',
    '1-800-FLOWERS', '+1 555 0100;ext=7', 'Ada <Ada@Example.COM>', 'a@b.example', 'n/a',
    'https://www.Example.com/Path?q=1', 'HTTP://EXAMPLE.com/', 'example.com:8080/a', 'www.example',
    'http://https://a.example', 'https:/ www.a.example', 'http://', 'https://n/a', 'www.www.a.be',
    'a.example./x', '2026-05-10', '2026-05-10T23:59:59.999-05:00', '2026-05-10 10:00:00',
    '1778371200000', '-86400000', '0', '-0.0', '1e3', '10.50', '.5', '5.', '2147483647', '12.0',
    '2024-02-30', '0001-01-01', '9998-12-31T23:59:59-12:00', '2026-05-10T24:00:00Z', 'Ludwig van',
    'a & b', '&nbsp;', '<p>x</p>', 'a\n\n\n\nb',
))  # fmt: skip
numbers = st.one_of(
    st.integers(-(2**33), 2**33),
    st.floats(allow_nan=True),
    st.floats(-1e6, 1e6).map(lambda number: round(number, 3)),
    st.decimals(-(10**6), 10**6, places=4).map(str),
)
moments = st.dates(date(1000, 1, 2), date(9998, 12, 30)).flatmap(
    lambda day: st.times().map(lambda clock: datetime.combine(day, clock))
)
instants = st.one_of(
    moments.map(lambda moment: f'{moment.isoformat()}Z'),
    moments.map(lambda moment: moment.isoformat(' ')),
    st.tuples(moments, st.integers(-14, 14)).map(
        lambda pair: pair[0].replace(tzinfo=timezone(timedelta(hours=pair[1]))).isoformat()
    ),
    st.integers(-(10**14), 10**15).map(str),
)
#: What a remote may send for one field.
wire_values = st.one_of(st.none(), st.booleans(), text, words, numbers, instants)
#: What ``record[field]`` may give, for fields that hold text, and for those that do not.
ODOO_VALUES = {
    'integer': st.integers(-(2**31), 2**31 - 1),
    'float': st.floats(-1e15, 1e15),
    'monetary': st.floats(-1e15, 1e15),
    'boolean': st.booleans(),
    'date': st.just(False) | st.dates(date(1000, 1, 1), date(9998, 12, 30)),
    'datetime': st.just(False) | moments.map(lambda moment: moment.replace(microsecond=0)),
    'many2one': st.just(False) | st.integers(1) | text,
}
odoo_text = st.one_of(st.just(False), text, words)


def odoo_values(field_spec):
    return ODOO_VALUES.get(field_spec.odoo_type, odoo_text)
