"""The object types of HubSpot that we synchronise, with the facts that differ between them.

Promise: a type's name, singular, id and quirks are written here and nowhere else. Weakness: custom
objects (``2-…``) are known by their type id alone and cannot be mapped yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MERGED_IDS = 'hs_merged_object_ids'
OBJECT_ID = 'hs_object_id'


@dataclass(frozen=True)
class ObjectType:
    """One object type.

    ``modified`` is the property that carries the last modification: contacts have a property of the
    usual name as well, with another meaning. ``group`` is the property group new properties join.
    ``title`` are the properties that name a record to a person. ``primary`` maps an object to the
    association type id that makes it *the* one of the record (at most one primary company).
    """

    name: str
    singular: str
    type_id: str
    group: str
    title: tuple[str, ...]
    modified: str = 'hs_lastmodifieddate'
    required: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    associated: tuple[str, ...] = ()
    primary: Mapping[str, int] = field(default_factory=dict)

    def called(self, values: Mapping[str, Any], key: str) -> str:
        """What a person calls the record, e.g. ``contact Ada Lovelace ada@example.org``."""
        words = [str(values[name]) for name in self.title if values.get(name)]
        return f'{self.singular} {" ".join(words) or key}'[:120]


COMPANIES = ObjectType(
    'companies', 'company', '0-2', 'companyinformation', ('name', 'domain'),
    associated=('contacts', 'deals'),
)
CONTACTS = ObjectType(
    'contacts', 'contact', '0-1', 'contactinformation', ('firstname', 'lastname', 'email'),
    modified='lastmodifieddate', unique=('email',), associated=('companies', 'deals'),
    primary={'companies': 1},
)
DEALS = ObjectType(
    'deals', 'deal', '0-3', 'dealinformation', ('dealname',),
    required=('dealname', 'dealstage', 'pipeline'), associated=('companies', 'contacts'),
    primary={'companies': 5},
)

#: In the order in which records depend on each other.
OBJECT_TYPES = {kind.name: kind for kind in (COMPANIES, CONTACTS, DEALS)}

#: Type ids of the generic webhook subscriptions; others keep their id as the object's name.
NAMES_BY_TYPE_ID = {
    '0-1': 'contacts',
    '0-2': 'companies',
    '0-3': 'deals',
    '0-5': 'tickets',
    '0-7': 'products',
    '0-8': 'line_items',
    '0-14': 'quotes',
    '0-53': 'invoices',
    '0-123': 'orders',
}

#: Singulars of the classic webhook subscriptions and of ``associationType`` (``DEAL_TO_COMPANY``).
NAMES_BY_SINGULAR = {
    'contact': 'contacts',
    'company': 'companies',
    'deal': 'deals',
    'ticket': 'tickets',
    'product': 'products',
    'line_item': 'line_items',
}


def object_type(name: str) -> ObjectType:
    """The facts of an object; for one we know nothing of, those that hold for most objects."""
    return OBJECT_TYPES.get(name) or ObjectType(name, name, name, f'{name}information', ())
