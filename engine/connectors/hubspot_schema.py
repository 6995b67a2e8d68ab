"""The properties of an object as our fields, and our own unique property.

Promise: a field says what may be done with it: whether it can be written, which options it takes,
and for owners and deal stages who and what they are. Associations appear as fields named
``associations.companies``.

Weakness: properties that HubSpot calls sensitive are left out, because it only lists them when
asked by their sensitivity and shows them to few tokens; which properties an administrator's rules
demand is not known beforehand, HubSpot tells it by refusing.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..contracts import FieldOption, RemoteField
from ..errors import DataError
from .hubspot_api import HubSpotApi
from .hubspot_objects import ObjectType, object_type
from .hubspot_wire import (
    Owner,
    OwnerPage,
    Pipeline,
    PipelineList,
    Property,
    PropertyList,
    read_model,
)

OWNERS_PAGE = 100
MAX_STRING = 65_536
_EMAILS = ('email', 'work_email', 'hs_email')

_TYPES = {
    'string': 'string',
    'number': 'float',
    'bool': 'boolean',
    'date': 'date',
    'datetime': 'datetime',
    'enumeration': 'enumeration',
    'phone_number': 'phone',
}
_FIELD_TYPES = {
    ('string', 'textarea'): 'text',
    ('string', 'html'): 'text',
    ('string', 'phonenumber'): 'phone',
    ('enumeration', 'checkbox'): 'multi_enumeration',
    ('enumeration', 'booleancheckbox'): 'boolean',
}


# --- describing -------------------------------------------------------------------------------


def describe(api: HubSpotApi, remote_object: str) -> list[RemoteField]:
    """The fields of an object, by label; archived properties left out."""
    kind = object_type(remote_object)
    answer = api.fetch(PropertyList, api.paths.properties(kind.name))
    options = _special_options(api, kind, answer.results)
    fields = [
        field_of(kind, one, options.get(one.name)) for one in answer.results if not one.archived
    ]
    fields += [_association(kind, name) for name in kind.associated]
    return sorted(fields, key=lambda field: (field.label.lower(), field.name))


def field_of(
    kind: ObjectType, definition: Property, options: Iterable[FieldOption] | None = None
) -> RemoteField:
    """One property; ``options`` stand in for those of the definition."""
    own = (FieldOption(value=one.value, label=one.label) for one in definition.options)
    field_type = type_of(definition)
    return RemoteField(
        name=definition.name,
        label=definition.label or definition.name,
        type=field_type,
        wire_type=f'{definition.type}/{definition.field_type}',
        read_only=definition.read_only,
        required=definition.name in kind.required,
        unique=bool(definition.unique) or definition.name in kind.unique,
        max_length=MAX_STRING if field_type in ('string', 'text') else None,
        options=tuple(own if options is None else options),
        help=definition.description or '',
    )


def type_of(definition: Property) -> str:
    """Our word for the property's type; the field type decides where HubSpot's type is too wide."""
    if definition.type == 'string' and definition.name in _EMAILS:
        return 'email'
    exact = _FIELD_TYPES.get((definition.type, definition.field_type))
    return exact or _TYPES.get(definition.type, 'other')


def _association(kind: ObjectType, name: str) -> RemoteField:
    return RemoteField(
        name=f'associations.{name}',
        label=f'Associated {name}',
        type='association',
        wire_type='association',
        help=f'The {name} associated with the {kind.singular}; the first is the primary one.',
    )


# --- owners and stages ------------------------------------------------------------------------


def _special_options(
    api: HubSpotApi, kind: ObjectType, definitions: Iterable[Property]
) -> dict[str, list[FieldOption]]:
    names = {one.name for one in definitions}
    options: dict[str, list[FieldOption]] = {}
    if 'hubspot_owner_id' in names:
        options['hubspot_owner_id'] = [_owner_option(one) for one in owners(api)]
    if 'dealstage' in names:
        pipelines = _pipelines(api, kind)
        options['pipeline'] = [_pipeline_option(one) for one in pipelines]
        options['dealstage'] = [one for some in pipelines for one in _stage_options(some)]
    return options


def owners(api: HubSpotApi) -> list[Owner]:
    """Every owner, those who were deactivated included."""
    return [one for archived in (False, True) for one in _owners(api, archived)]


def _owners(api: HubSpotApi, archived: bool) -> Iterable[Owner]:
    params = {'limit': OWNERS_PAGE, 'archived': str(archived).lower()}
    while True:
        page = api.fetch(OwnerPage, api.paths.owners(), params)
        yield from page.results
        if not (page.paging and page.paging.next):
            return
        params['after'] = page.paging.next.after


def _owner_option(owner: Owner) -> FieldOption:
    meta = {'email': owner.email, 'archived': owner.archived, 'user_id': owner.user_id}
    return FieldOption(value=owner.id, label=owner.label, meta=meta)


def _pipelines(api: HubSpotApi, kind: ObjectType) -> list[Pipeline]:
    answer = api.fetch(PipelineList, api.paths.pipelines(kind.name))
    live = [one for one in answer.results if not one.archived]
    return sorted(live, key=lambda one: (one.display_order or 0, one.id))


def _pipeline_option(pipeline: Pipeline) -> FieldOption:
    meta = {'display_order': pipeline.display_order or 0}
    return FieldOption(value=pipeline.id, label=pipeline.label, meta=meta)


def _stage_options(pipeline: Pipeline) -> list[FieldOption]:
    """``isClosed`` and ``probability`` are texts, as HubSpot says them."""
    live = [one for one in pipeline.stages if not one.archived]
    return [
        FieldOption(
            value=stage.id,
            label=stage.label,
            meta={
                **stage.metadata,
                'pipeline': pipeline.id,
                'pipeline_label': pipeline.label,
                'display_order': stage.display_order or 0,
            },
        )
        for stage in sorted(live, key=lambda one: one.display_order or 0)
    ]


# --- our unique property ----------------------------------------------------------------------


def has_external_id(api: HubSpotApi, remote_object: str) -> bool:
    """Whether our property is there and really unique."""
    definition = _own_property(api, remote_object)
    return bool(definition and definition.unique and not definition.archived)


def create_external_id(api: HubSpotApi, remote_object: str) -> None:
    """Create our unique property; HubSpot brings an archived one of that name back.

    :raises DataError: where a property of that name exists that is not unique, or HubSpot refuses a
        further unique property (ten an object).
    """
    kind = object_type(remote_object)
    path = api.paths.properties(kind.name)
    response = api.request('POST', path, json=_definition(api, kind), accept=(400, 409))
    if response.status == 400:
        raise _not_created(api, kind, str(api.error(response, collection=False)))
    if not has_external_id(api, remote_object):
        raise _not_unique(api, kind)


def _own_property(api: HubSpotApi, remote_object: str) -> Property | None:
    path = api.paths.property(remote_object, api.external_id)
    response = api.request('GET', path, accept=(404,))
    return None if response.status == 404 else read_model(Property, response)


def _definition(api: HubSpotApi, kind: ObjectType) -> dict[str, object]:
    return {
        'name': api.external_id,
        'label': 'Odoo External ID',
        'description': 'Ties the record to its counterpart in Odoo. Do not edit.',
        'groupName': kind.group,
        'type': 'string',
        'fieldType': 'text',
        'hasUniqueValue': True,
        'formField': False,
    }


def _not_unique(api: HubSpotApi, kind: ObjectType) -> DataError:
    return DataError(
        f'{kind.name}.{api.external_id} exists and is not unique',
        user_message=f'HubSpot already has a property {api.external_id} on {kind.name} that is not '
        'unique, and a property cannot be made unique later. Delete it in HubSpot (Settings, '
        'Properties, then also from the archive), or choose another name on the connection.',
        code='EXTERNAL_ID_NOT_UNIQUE',
        field=api.external_id,
    )


def _not_created(api: HubSpotApi, kind: ObjectType, reason: str) -> DataError:
    return DataError(
        f'{kind.name}.{api.external_id} could not be created: {reason}',
        user_message=f'HubSpot does not create the property {api.external_id} on {kind.name}: '
        f'{reason}. An object has at most ten unique properties; delete one that is not used.',
        code='EXTERNAL_ID_NOT_CREATED',
        field=api.external_id,
    )
