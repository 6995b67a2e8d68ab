"""From a path below the version to a handler.

Promise: the more particular path wins; a known path with another method is a 405. Parts are decoded
one by one, so an external id may hold a slash. Weakness: paths are matched one after the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..core.call import Answer
from .bulk_api import BulkApi
from .collections_api import CollectionsApi
from .composite_api import CompositeApi
from .org import Org
from .query_api import QueryApi
from .replication_api import ReplicationApi
from .request import ApiRequest, ok
from .rows_api import RowsApi
from .tooling_api import ToolingApi

Handler = Callable[[ApiRequest], Answer]


@dataclass(frozen=True)
class Route:
    """A method and a path with named parts."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler


def _route(method: str, template: str, handler: Handler) -> Route:
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
    return Route(method, re.compile(pattern), handler)


def build(org: Org) -> list[Route]:
    """All routes of an org."""
    return [
        _route("GET", "", _resources),
        _route("GET", "/limits", lambda request: ok(org.usage.resource())),
        *_queries(QueryApi()),
        *_rows(RowsApi(), ReplicationApi()),
        *_composites(CompositeApi(), CollectionsApi()),
        *_jobs(BulkApi()),
        *_tooling(ToolingApi()),
    ]


def _resources(request: ApiRequest) -> Answer:
    names = ("sobjects", "query", "queryAll", "limits", "composite", "jobs", "tooling")
    user = f"{request.call.origin}/id/{request.org.options.org_id}/{request.session.user}"
    return ok({name: f"{request.base}/{name}" for name in names} | {"identity": user})


def _queries(api: QueryApi) -> list[Route]:
    return [
        _route("GET", "/query", api.query),
        _route("GET", "/queryAll", api.query_all),
        _route("GET", "/query/{locator}", api.more),
        _route("GET", "/queryAll/{locator}", api.more),
        _route("GET", "/limits/recordCount", api.record_count),
    ]


def _rows(api: RowsApi, replication: ReplicationApi) -> list[Route]:
    one, by = "/sobjects/{object}/{id}", "/sobjects/{object}/{field}/{value}"
    return [
        _route("GET", "/sobjects", api.list),
        _route("GET", "/sobjects/{object}", api.info),
        _route("POST", "/sobjects/{object}", api.create),
        _route("GET", "/sobjects/{object}/describe", api.describe),
        _route("GET", "/sobjects/{object}/updated", replication.updated),
        _route("GET", "/sobjects/{object}/deleted", replication.deleted),
        _route("GET", one, api.get),
        _route("PATCH", one, api.update),
        _route("DELETE", one, api.delete),
        _route("GET", by, api.get_by),
        _route("PATCH", by, api.upsert),
        _route("DELETE", by, api.delete_by),
    ]


def _composites(api: CompositeApi, collections: CollectionsApi) -> list[Route]:
    many, typed = "/composite/sobjects", "/composite/sobjects/{object}"
    return [
        _route("POST", "/composite", api.run),
        _route("POST", many, collections.create),
        _route("PATCH", many, collections.update),
        _route("DELETE", many, collections.delete),
        _route("GET", typed, collections.retrieve),
        _route("POST", typed, collections.retrieve),
        _route("PATCH", f"{typed}/{{field}}", collections.upsert),
    ]


def _jobs(api: BulkApi) -> list[Route]:
    job = "/jobs/ingest/{job}"
    results = "(?P<results>successfulResults|failedResults|unprocessedrecords)"
    return [
        _route("POST", "/jobs/ingest", api.create),
        _route("GET", "/jobs/ingest", api.list),
        _route("GET", job, api.get),
        _route("PATCH", job, api.change),
        _route("DELETE", job, api.delete),
        _route("PUT", f"{job}/batches", api.upload),
        _route("GET", f"{job}/{results}", api.results),
    ]


def _tooling(api: ToolingApi) -> list[Route]:
    one = "/tooling/sobjects/CustomField/{id}"
    return [
        _route("GET", "/tooling/query", api.query),
        _route("POST", "/tooling/sobjects/CustomField", api.create),
        _route("GET", one, api.get),
        _route("DELETE", one, api.delete),
    ]
