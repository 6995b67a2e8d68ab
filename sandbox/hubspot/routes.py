"""From a normalised path to a handler.

Promise: the more particular path wins; a known path with another method is a 405. Weakness: paths
are matched one after the other, which costs some microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..core.call import Answer
from .account import Account
from .account_api import AccountApi
from .associations_api import AssociationsApi
from .batch_api import BatchApi
from .objects_api import ObjectsApi
from .request import ApiRequest
from .schema_api import OwnersApi, PipelinesApi, PropertiesApi
from .search_api import SearchApi

Handler = Callable[[ApiRequest], Answer]


@dataclass(frozen=True)
class Route:
    """``verb`` is the scope needed on the object type (None: the handler sees to it)."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    verb: str | None = None


def _route(method: str, template: str, handler: Handler, verb: str | None = None) -> Route:
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
    return Route(method, re.compile(pattern), handler, verb)


def build(account: Account) -> list[Route]:
    """All routes of an account."""
    return [
        *_objects(ObjectsApi(account), BatchApi(account), SearchApi(account)),
        *_associations(AssociationsApi(account)),
        *_schema(PropertiesApi(account), PipelinesApi(account), OwnersApi(account)),
        _route("GET", "/account-info/details", AccountApi(account).details),
        _route("GET", "/account-info/api-usage/daily/private-apps", AccountApi(account).usage),
    ]


def _objects(one: ObjectsApi, batch: BatchApi, search: SearchApi) -> list[Route]:
    base = "/crm/objects/{kind}"
    return [
        _route("POST", f"{base}/batch/read", batch.read, "read"),
        _route("POST", f"{base}/batch/create", batch.create, "write"),
        _route("POST", f"{base}/batch/update", batch.update, "write"),
        _route("POST", f"{base}/batch/upsert", batch.upsert, "write"),
        _route("POST", f"{base}/batch/archive", batch.archive, "write"),
        _route("POST", f"{base}/search", search.search, "read"),
        _route("POST", f"{base}/merge", one.merge, "write"),
        _route("POST", f"{base}/gdpr-delete", one.gdpr_delete, "write"),
        _route("GET", base, one.list, "read"),
        _route("POST", base, one.create, "write"),
        _route("GET", f"{base}/{{id}}", one.get, "read"),
        _route("PATCH", f"{base}/{{id}}", one.update, "write"),
        _route("DELETE", f"{base}/{{id}}", one.archive, "write"),
    ]


def _associations(api: AssociationsApi) -> list[Route]:
    one = "/crm/objects/{kind}/{id}/associations"
    many = "/crm/associations/{kind}/{to}"
    return [
        _route("PUT", f"{one}/default/{{to}}/{{to_id}}", api.put_default, "write"),
        _route("GET", f"{one}/{{to}}", api.list, "read"),
        _route("PUT", f"{one}/{{to}}/{{to_id}}", api.put, "write"),
        _route("DELETE", f"{one}/{{to}}/{{to_id}}", api.delete, "write"),
        _route("POST", f"{many}/batch/associate/default", api.batch_default, "write"),
        _route("POST", f"{many}/batch/labels/archive", api.batch_archive_labels, "write"),
        _route("POST", f"{many}/batch/create", api.batch_create, "write"),
        _route("POST", f"{many}/batch/read", api.batch_read, "read"),
        _route("POST", f"{many}/batch/archive", api.batch_archive, "write"),
        _route("GET", f"{many}/labels", api.labels, "read"),
        _route("POST", f"{many}/labels", api.create_label, "write"),
    ]


def _schema(properties: PropertiesApi, pipelines: PipelinesApi, owners: OwnersApi) -> list[Route]:
    prop, pipe = "/crm/properties/{kind}", "/crm/pipelines/{kind}"
    stage = f"{pipe}/{{id}}/stages"
    return [
        _route("POST", f"{prop}/batch/(?P<action>create|read|archive)", properties.batch),
        _route("GET", f"{prop}/groups", properties.groups),
        _route("POST", f"{prop}/groups", properties.create_group),
        _route("GET", prop, properties.list),
        _route("POST", prop, properties.create),
        _route("GET", f"{prop}/{{name}}", properties.get),
        _route("PATCH", f"{prop}/{{name}}", properties.update),
        _route("DELETE", f"{prop}/{{name}}", properties.archive),
        _route("GET", pipe, pipelines.list, "read"),
        _route("POST", pipe, pipelines.create, "write"),
        _route("GET", f"{pipe}/{{id}}", pipelines.get, "read"),
        _route("PATCH", f"{pipe}/{{id}}", pipelines.update, "write"),
        _route("DELETE", f"{pipe}/{{id}}", pipelines.delete, "write"),
        _route("GET", stage, pipelines.stages, "read"),
        _route("POST", stage, pipelines.create_stage, "write"),
        _route("PATCH", f"{stage}/{{stage}}", pipelines.update_stage, "write"),
        _route("DELETE", f"{stage}/{{stage}}", pipelines.delete_stage, "write"),
        _route("GET", "/crm/owners", owners.list),
        _route("GET", "/crm/owners/{id}", owners.get),
    ]
