"""The fields of an object as our fields, and our own external-id field.

Promise: a field says what may be done with it: whether it can be written, which options it takes,
and for owners and opportunity stages who and what they are. Lookups that we synchronise appear a
second time as associations (``associations.Account``).

Our field is created through the Tooling API, where the user may do so; its metadata can also be
deployed by hand (:func:`metadata_xml`).

Weakness: record types narrow picklists further than a describe tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from ..contracts import FieldOption, RemoteField
from ..errors import ConfigurationError, DataError
from .salesforce_api import SalesforceApi
from .salesforce_objects import ObjectType, object_type
from .salesforce_wire import Describe, DescribedField, read_model

_TYPES = {
    'id': 'string', 'string': 'string', 'textarea': 'text', 'combobox': 'string',
    'encryptedstring': 'string', 'url': 'string', 'int': 'integer', 'long': 'integer',
    'double': 'float', 'currency': 'float', 'percent': 'float', 'boolean': 'boolean',
    'date': 'date', 'datetime': 'datetime', 'phone': 'phone', 'email': 'email',
    'picklist': 'enumeration', 'multipicklist': 'multi_enumeration', 'reference': 'reference',
}  # fmt: skip
#: Characters of our external-id field: the longest key the engine makes.
KEY_LENGTH = 255


# --- describing -------------------------------------------------------------------------------


def describe(
    api: SalesforceApi, remote_object: str, since: datetime | None = None
) -> list[RemoteField] | None:
    """The fields of an object and its associations, by label; ``None`` where Salesforce changed
    none of them after ``since``. Users and stages are no part of that: see :func:`options`."""
    kind = object_type(remote_object)
    headers = {'If-Modified-Since': format_datetime(since, usegmt=True)} if since else {}
    path = api.sobject(kind.name, 'describe')
    response = api.request('GET', path, headers=headers, accept=(304,))
    if response.status == 304:
        return None
    answer = read_model(Describe, response)
    special = _special_options(api, answer.fields)
    fields = [field_of(one, special.get(one.name)) for one in answer.fields]
    names = {one.name for one in answer.fields}
    fields += [_association(kind, name, lookup) for name, lookup in kind.lookups.items()
               if lookup in names]  # fmt: skip
    return sorted(fields, key=lambda field: (field.label.lower(), field.name))


def options(api: SalesforceApi, names: Iterable[str]) -> dict[str, list[FieldOption]]:
    """Of the fields called ``names``, the options that change without a change of the schema."""
    found: dict[str, list[FieldOption]] = {}
    if 'OwnerId' in names:
        found['OwnerId'] = [_owner_option(row) for row in users(api)]
    if 'StageName' in names:
        found['StageName'] = [_stage_option(row) for row in _stages(api)]
    return found


def field_of(
    definition: DescribedField, options: Iterable[FieldOption] | None = None
) -> RemoteField:
    """One field; ``options`` stand in for those of the definition."""
    own = (
        FieldOption(value=one.value, label=one.label or one.value)
        for one in definition.picklist
        if one.active
    )
    chosen = tuple(own if options is None else options)
    writable = definition.createable or definition.updateable
    return RemoteField(
        name=definition.name,
        label=definition.label or definition.name,
        type='enumeration' if options else _TYPES.get(definition.type, 'other'),
        wire_type=definition.type,
        read_only=not writable,
        required=bool(
            definition.createable and not definition.nillable and not definition.defaulted
        ),
        demanded=not definition.nillable and definition.type != 'boolean',
        unique=bool(definition.unique),
        max_length=definition.length or None,
        options=chosen,
        help=definition.help or '',
    )


def _association(kind: ObjectType, name: str, lookup: str) -> RemoteField:
    return RemoteField(
        name=f'associations.{name}',
        label=f'Associated {name}',
        type='association',
        wire_type='reference',
        help=f'The {name} the {kind.label.lower()} belongs to ({lookup}).',
    )


def _special_options(
    api: SalesforceApi, definitions: Iterable[DescribedField]
) -> dict[str, list[FieldOption]]:
    special = {one.name for one in definitions if one.name != 'OwnerId' or 'User' in one.references}
    return options(api, special)


def users(api: SalesforceApi) -> list[dict[str, Any]]:
    """Every user who may own records, those who were deactivated included."""
    return api.query(
        "SELECT Id,Name,Email,IsActive FROM User WHERE UserType = 'Standard' ORDER BY Name"
    )


def _owner_option(row: Mapping[str, Any]) -> FieldOption:
    email = row.get('Email')
    return FieldOption(
        value=row['Id'],
        label=row.get('Name') or email or row['Id'],
        meta={'email': email, 'archived': not row.get('IsActive'), 'user_id': row['Id']},
    )


def _stages(api: SalesforceApi) -> list[dict[str, Any]]:
    return api.query(
        'SELECT ApiName,MasterLabel,IsActive,IsClosed,IsWon,DefaultProbability,SortOrder '
        'FROM OpportunityStage WHERE IsActive = true ORDER BY SortOrder'
    )


def _stage_option(row: Mapping[str, Any]) -> FieldOption:
    """In the words of every provider: a lost stage is closed, with a probability of nothing."""
    won = bool(row.get('IsWon'))
    probability = (row.get('DefaultProbability') or 0) / 100
    return FieldOption(
        value=row['ApiName'],
        label=row.get('MasterLabel') or row['ApiName'],
        meta={
            'isClosed': 'true' if row.get('IsClosed') else 'false',
            'probability': 1.0 if won else probability,
            'display_order': row.get('SortOrder') or 0,
        },
    )


# --- our external-id field --------------------------------------------------------------------


def has_external_id(api: SalesforceApi, remote_object: str) -> bool:
    """Whether our field is there, unique, and an external id, for the user of the connection."""
    definition = _own_field(api, remote_object)
    return bool(definition and definition.external_id and definition.unique)


def create_external_id(api: SalesforceApi, remote_object: str) -> None:
    """Create our field through the Tooling API; existing already is success.

    :raises ConfigurationError: the user may not, or does not see the field once it exists.
    :raises DataError: a field of that name exists that is no unique external id.
    """
    if has_external_id(api, remote_object):
        return
    kind = object_type(remote_object)
    if _own_field(api, remote_object):
        raise _not_unique(api, kind)
    body = {'FullName': f'{kind.name}.{api.external_id}', 'Metadata': definition()}
    api.request('POST', '/tooling/sobjects/CustomField', json=body)
    if not has_external_id(api, remote_object):
        raise _not_visible(api, kind)


def definition() -> dict[str, Any]:
    """Our field in the words of the Metadata API."""
    return {
        'label': 'Odoo Id',
        'description': 'Ties the record to its counterpart in Odoo. Do not edit.',
        'type': 'Text',
        'length': KEY_LENGTH,
        'externalId': True,
        'unique': True,
        'caseSensitive': True,
        'required': False,
    }


def metadata_xml(external_id: str, remote_object: str) -> str:
    """The part of an object in a deployable package that holds our field (``.object`` file)."""
    fields = ''.join(
        f'        <{name}>{_xml(value)}</{name}>\n'
        for name, value in sorted({'fullName': external_id, **definition()}.items())
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">\n'
        f'    <fields>\n{fields}    </fields>\n</CustomObject>\n'
    )


def _xml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _own_field(api: SalesforceApi, remote_object: str) -> DescribedField | None:
    answer = read_model(Describe, api.request('GET', api.sobject(remote_object, 'describe')))
    return next((one for one in answer.fields if one.name == api.external_id), None)


def _not_unique(api: SalesforceApi, kind: ObjectType) -> DataError:
    return DataError(
        f'{kind.name}.{api.external_id} exists and is no unique external id',
        user_message=f'Salesforce already has a field {api.external_id} on {kind.label} that is '
        'no unique external ID. Tick both in Salesforce (Setup, Object Manager), or choose '
        'another name on the connection.',
        code='EXTERNAL_ID_NOT_UNIQUE',
        field=api.external_id,
    )


def _not_visible(api: SalesforceApi, kind: ObjectType) -> ConfigurationError:
    return ConfigurationError(
        f'{kind.name}.{api.external_id} was created, and the connection’s user does not see it',
        user_message=f'The field {api.external_id} of {kind.label} exists in Salesforce now, but '
        'the user of the connection may not see it. Give that user a permission set with read and '
        'edit access to it, then connect again.',
        code='EXTERNAL_ID_HIDDEN',
        field=api.external_id,
    )
