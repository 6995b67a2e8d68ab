"""From wire values to canonical values to Odoo values, and back: the way in.

The converters are in :mod:`.converters`, a family a file; their laws in :mod:`.converters.base`.
Another add-on registers its own with :func:`register`.
"""

from __future__ import annotations

from .converters.base import Converter, FieldSpec
from .converters.choices import MultiOption, Option, Selection
from .converters.contact import Domain, Email, FullName, Phone, Url
from .converters.country import Country
from .converters.dates import Date, DateOfDateTime, DateTime
from .converters.keys import Link, Owner, Stage
from .converters.numbers import Boolean, DecimalNumber, Integer
from .converters.text import HtmlText, Multiline, Text
from .errors import ContractError

__all__ = (
    'CONVERTERS',
    'Converter',
    'FieldSpec',
    'check',
    'converter_for',
    'default_converter',
    'register',
)

#: name → class.
CONVERTERS: dict[str, type[Converter]] = {}


def register(cls: type[Converter]) -> type[Converter]:
    """Make a converter known under its ``name``; usable as a class decorator."""
    CONVERTERS[cls.name] = cls
    return cls


for _converter in (
    Text, Multiline, HtmlText, Integer, DecimalNumber, Boolean, Date, DateTime, DateOfDateTime,
    Selection, Option, MultiOption, Email, Phone, Url, Domain, Country, FullName,
    Link, Owner, Stage,
):  # fmt: skip
    register(_converter)

#: What ``auto`` means: by Odoo type and remote type, and by Odoo type alone.
_BY_BOTH = {
    ('char', 'enumeration'): 'option',
    ('char', 'multi_enumeration'): 'multi',
    ('char', 'email'): 'email',
    ('char', 'phone'): 'phone',
    ('text', 'enumeration'): 'option',
    ('text', 'multi_enumeration'): 'multi',
    ('date', 'datetime'): 'date_datetime',
}
_BY_ODOO_TYPE = {
    'char': 'text',
    'text': 'multiline',
    'html': 'html_text',
    'integer': 'integer',
    'float': 'decimal',
    'monetary': 'decimal',
    'boolean': 'boolean',
    'date': 'date',
    'datetime': 'datetime',
    'selection': 'selection',
}


def default_converter(odoo_type: str, remote_type: str) -> str | None:
    """The name of the converter for ``auto``; ``None`` where a person has to choose one."""
    return _BY_BOTH.get((odoo_type, remote_type)) or _BY_ODOO_TYPE.get(odoo_type)


def converter_for(spec: FieldSpec) -> Converter:
    """The converter of a line, ready to use.

    :raises ContractError: there is none of that name, or none that ``auto`` could choose.
    """
    cls = _class_of(spec)
    if cls is None:
        raise ContractError(
            f'{spec.key}: no converter {spec.converter!r} '
            f'for {spec.odoo_type} and {spec.remote_type}',
            user_message=f'The field {spec.key}: {_no_converter(spec)}',
            field=spec.remote_name,
            code='NO_CONVERTER',
        )
    return cls(spec)


def check(spec: FieldSpec) -> str | None:
    """Why the converter does not fit the fields, as a sentence for who edits the mapping.

    ``None`` where it fits.
    """
    cls = _class_of(spec)
    if cls is None:
        return _no_converter(spec)
    least, most = cls.fields
    count = len(spec.remote_fields)
    if not least <= count <= most:
        wanted = f'{least}' if least == most else f'{least} to {most}'
        return (
            f'the converter "{cls.label}" takes {wanted} remote field(s), not {count}. '
            'Several are written with a plus sign: firstname+lastname.'
        )
    return _type_problem(cls, spec) or cls.problem(spec)


def _type_problem(cls: type[Converter], spec: FieldSpec) -> str | None:
    if spec.odoo_type not in cls.odoo_types:
        return (
            f'the converter "{cls.label}" does not fit an Odoo field of the type {spec.odoo_type}; '
            f'it is for {_listed(cls.odoo_types)}.'
        )
    if spec.remote_type not in cls.remote_types:
        return (
            f'the converter "{cls.label}" does not fit a remote field of the type '
            f'{spec.remote_type}; it is for {_listed(cls.remote_types)}.'
        )
    return None


def _class_of(spec: FieldSpec) -> type[Converter] | None:
    name = spec.converter
    if name == 'auto':
        name = default_converter(spec.odoo_type, spec.remote_type)
    return CONVERTERS.get(name)


def _no_converter(spec: FieldSpec) -> str:
    if spec.converter != 'auto':
        return f'there is no converter "{spec.converter}". Choose one from the list.'
    return (
        f'no converter is made for an Odoo field of the type {spec.odoo_type} and a remote field '
        f'of the type {spec.remote_type}. Choose one, or map another field.'
    )


def _listed(types: frozenset[str]) -> str:
    return ', '.join(sorted(types))
