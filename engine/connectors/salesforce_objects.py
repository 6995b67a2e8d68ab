"""The objects of Salesforce that we synchronise, with the facts that differ between them.

Promise: an object's label, its naming fields and its relations are written here and nowhere else.
An association is a lookup field seen from the engine: ``associations.Account`` of a contact is its
``AccountId``.

Weakness: custom objects are known by their API name alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: What a converted lead says of what it has become: object → field.
CONVERTED = {
    'Opportunity': 'ConvertedOpportunityId',
    'Contact': 'ConvertedContactId',
    'Account': 'ConvertedAccountId',
}
#: What describes a person's or an organisation's object; the prefixes are Salesforce's own.
KEY_PREFIXES = {
    '001': 'Account',
    '003': 'Contact',
    '00Q': 'Lead',
    '006': 'Opportunity',
    '01t': 'Product2',
    '01s': 'Pricebook2',
    '01u': 'PricebookEntry',
    '005': 'User',
}
_ID = re.compile(r'[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?')
_CHECKSUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'


@dataclass(frozen=True)
class ObjectType:
    """One object. ``title`` are the fields that name a record to a person; ``lookups`` maps an
    association to the field that holds its id."""

    name: str
    label: str
    plural: str
    title: tuple[str, ...]
    lookups: Mapping[str, str] = field(default_factory=dict)

    def called(self, values: Mapping[str, Any], key: str) -> str:
        """What a person calls the record, e.g. ``contact Ada Lovelace ada@example.org``."""
        words = [str(values[name]) for name in self.title if values.get(name)]
        return f'{self.label.lower()} {" ".join(words) or key}'[:120]


_PERSON = ('FirstName', 'LastName', 'Email')
_TYPES = (
    ObjectType('Account', 'Account', 'Accounts', ('Name',), {'Parent': 'ParentId'}),
    ObjectType('Contact', 'Contact', 'Contacts', _PERSON, {'Account': 'AccountId'}),
    ObjectType('Lead', 'Lead', 'Leads', (*_PERSON, 'Company')),
    ObjectType('Opportunity', 'Opportunity', 'Opportunities', ('Name',), {'Account': 'AccountId'}),
    ObjectType('Product2', 'Product', 'Products', ('Name', 'ProductCode')),
    ObjectType('Pricebook2', 'Price book', 'Price books', ('Name',)),
    ObjectType(
        'PricebookEntry', 'Price book entry', 'Price book entries', ('Name',),
        {'Product2': 'Product2Id', 'Pricebook2': 'Pricebook2Id'},
    ),
)  # fmt: skip

#: In the order in which records depend on each other.
OBJECT_TYPES = {kind.name: kind for kind in _TYPES}


def object_type(name: str) -> ObjectType:
    """The facts of an object; for one we know nothing of, those that hold for most objects."""
    return OBJECT_TYPES.get(name) or ObjectType(name, name, name, ('Name',))


def is_id(text: object) -> bool:
    """Whether it has the form of a record's id, of 15 or of 18 characters."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def long_id(text: str) -> str:
    """The 18 characters of an id: those of 15, which differ by case, get their checksum.

    Each of the last three characters tells which of five are capitals (Salesforce help, "Record
    IDs"). What is no id is returned as it is.
    """
    if not is_id(text):
        return text
    start = text[:15]
    groups = (start[at : at + 5] for at in (0, 5, 10))
    bits = (sum(char.isupper() << place for place, char in enumerate(group)) for group in groups)
    return start + ''.join(_CHECKSUM[number] for number in bits)
