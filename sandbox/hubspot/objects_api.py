"""Endpoints for one record: list, create, read, update, archive, merge, GDPR delete.

Promise: as recorded; an unknown id is the HTML 404, archiving twice is no error. Weakness:
``associations`` are shown on reads only.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from ..core.call import Answer
from .account import Account
from .associations import Type
from .errors import NotFound, bad_request
from .kinds import Kind, find_kind
from .present import Shape
from .records import Record
from .request import MAX_LIST, MAX_LIST_HISTORY, ApiRequest, ok


class ObjectsApi:
    """Handlers over an :class:`Account`."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.store = account.store

    def list(self, request: ApiRequest) -> Answer:
        """``GET /crm/objects/{kind}``."""
        shape, kind = request.shape(), request.kind
        most = MAX_LIST_HISTORY if shape.history else MAX_LIST
        limit, after = request.limit(10, most), request.call.query.get("after", "0")
        if not after.isdecimal():
            raise bad_request(f"after must be a record id, not {after}")
        archived = request.flag("archived")
        rows: list[Record] = []
        for record in self.store.table(kind).after(int(after)):
            if record.archived == archived and not record.merged_into and not record.erased:
                rows.append(record)
            if len(rows) > limit:
                break
        answer: dict[str, Any] = {"results": [self.read(r, shape) for r in rows[:limit]]}
        if len(rows) > limit:
            answer["paging"] = {"next": _next(request, str(int(rows[limit - 1].id) + 1))}
        return ok(answer)

    def read(self, record: Record, shape: Shape) -> dict[str, Any]:
        """A record with the associations that were asked for."""
        answer = self.account.presenter.read(record, shape)
        found = {}
        for alias in shape.associations:
            kind = find_kind(alias)
            if kind is None:
                raise bad_request(f"Invalid object type {alias} in associations")
            rows = [
                {"id": other, "type": word}
                for other, types in self.account.associations.of(record, kind).items()
                for word in type_words(record.kind, kind, types)
            ]
            if rows:
                found[kind.name] = {"results": rows}
        if found:
            answer["associations"] = found
        return answer

    def create(self, request: ApiRequest) -> Answer:
        """``POST /crm/objects/{kind}``."""
        body, kind = request.body(), request.kind
        links = self.account.parse_links(kind, body.get("associations"))
        draft = self.store.plan(kind, None, body.get("properties", {}), version=request.version)
        record = self.store.commit(draft, request.actor)
        self.account.link(record, links, request.actor)
        return Answer.of_json(201, self.account.presenter.written(record, draft.names))

    def get(self, request: ApiRequest) -> Answer:
        """``GET /crm/objects/{kind}/{id}``."""
        id_property, archived = request.call.query.get("idProperty"), request.flag("archived")
        found = self.store.find(request.kind, request.args["id"], id_property, archived=archived)
        if not self.store.is_readable(found):
            raise NotFound()
        return ok(self.read(found, request.shape()))

    def update(self, request: ApiRequest) -> Answer:
        """``PATCH /crm/objects/{kind}/{id}``."""
        body, id_property = request.body(), request.call.query.get("idProperty")
        record = self.store.find(request.kind, request.args["id"], id_property)
        raw = body.get("properties")
        draft = self.store.plan(request.kind, record, raw, version=request.version)
        self.store.commit(draft, request.actor)
        return ok(self.account.presenter.written(record, draft.names))

    def archive(self, request: ApiRequest) -> Answer:
        """``DELETE /crm/objects/{kind}/{id}``."""
        record = self.store.table(request.kind).get(request.args["id"])
        if record is None:
            raise NotFound()
        if not record.archived:
            self.store.archive(record, request.actor)
        return Answer(204)

    def merge(self, request: ApiRequest) -> Answer:
        """``POST /crm/objects/{kind}/merge``; answers the third record."""
        body, kind = request.body(), request.kind
        ids = [str(body.get("primaryObjectId")), str(body.get("objectIdToMerge"))]
        winner, loser = (self.store.get(kind, record_id) for record_id in ids)
        survivor = self.account.merger.merge(winner, loser, request.actor)
        return ok(self.account.presenter.written(survivor, survivor.properties))

    def gdpr_delete(self, request: ApiRequest) -> Answer:
        """``POST /crm/objects/contacts/gdpr-delete``."""
        body, kind = request.body(), request.kind
        if kind.name != "contacts":
            raise NotFound()
        record = self.store.find(kind, str(body.get("objectId")), body.get("idProperty"))
        self.store.erase(record, request.actor)
        return Answer(204)


def _next(request: ApiRequest, after: str) -> dict[str, str]:
    query = request.call.query
    pairs = [(n, ",".join(query.getlist(n))) for n in sorted(query, reverse=True) if n != "after"]
    link = f"{request.call.origin}{request.call.path}?{urlencode([*pairs, ('after', after)])}"
    return {"after": after, "link": link}


def type_words(source: Kind, target: Kind, types: list[Type]) -> list[str]:
    """``contact_to_company`` for the primary one, ``..._unlabeled`` beside it."""
    word = f"{source.singular}_to_{target.singular}"
    company = "companies" in (source.name, target.name)
    words = []
    for row in types:
        if row.label is None:
            words.append(f"{word}_unlabeled" if company else word)
        elif row.primary:
            words.append(word)
        else:
            words.append(row.label.lower().replace(" ", "_"))
    return words
