"""Endpoints of associations, single and in batches, and their labels.

Promise: 100 inputs a batch, 1,000 ids a batch read; reading records without associations gives an
error row each, as the real service does. Sources: associations v4 and 2026-03 specifications.
Weakness: the 2026-09 draft has no list for one record, so there it is a 404.
"""

from __future__ import annotations

from typing import Any

from ..core.call import Answer
from ..core.clock import iso
from .account import Account
from .associations import Type
from .batch_api import inputs_of, not_found
from .errors import NotFound, bad_request
from .kinds import Kind
from .objects_api import type_words
from .records import Record
from .request import ApiRequest, ok

MAX_READ = 1000


class AssociationsApi:
    """Handlers over an :class:`Account`."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.store = account.store
        self.associations = account.associations

    # -- one record

    def list(self, request: ApiRequest) -> Answer:
        """``GET /crm/objects/{kind}/{id}/associations/{to}``."""
        if request.version == "2026-09":
            raise NotFound()
        kind, to = request.kind, request.kind_of(request.args["to"])
        found = self.associations.of(self.store.get(kind, request.args["id"]), to)
        if request.version == "v3":
            rows = [
                {"id": other, "type": word}
                for other, types in found.items()
                for word in type_words(kind, to, types)
            ]
            return ok({"results": rows})
        return ok({"results": _targets(found, request.version)})

    def put(self, request: ApiRequest) -> Answer:
        """``PUT /crm/objects/{kind}/{id}/associations/{to}/{to_id}`` with types in the body."""
        source, target = self._ends(request)
        specs = request.call.json() if request.call.body else None
        if not isinstance(specs, list) or not specs:
            raise bad_request("Invalid input JSON: a list of association types was expected")
        types = [self.associations.type(source.kind, target.kind, spec) for spec in specs]
        self.associations.add(source, target, types, request.actor)
        return Answer.of_json(201, _labelled(source, target, types))

    def put_default(self, request: ApiRequest) -> Answer:
        """``PUT /crm/objects/{kind}/{id}/associations/default/{to}/{to_id}``."""
        source, target = self._ends(request)
        default = self.associations.default_type(source.kind, target.kind)
        self.associations.add(source, target, [default], request.actor)
        return self._complete(200, _both_ways(source, target, default), [])

    def delete(self, request: ApiRequest) -> Answer:
        """``DELETE /crm/objects/{kind}/{id}/associations/{to}/{to_id}``: all types."""
        self.associations.remove(*self._ends(request), None, request.actor)
        return Answer(204)

    def _ends(self, request: ApiRequest) -> tuple[Record, Record]:
        to = request.kind_of(request.args["to"])
        source = self.store.get(request.kind, request.args["id"])
        return source, self.store.get(to, request.args["to_id"])

    # -- batches

    def batch_create(self, request: ApiRequest) -> Answer:
        """``POST /crm/associations/{kind}/{to}/batch/create``."""
        kind, to = request.kind, request.kind_of(request.args["to"])
        pairs, errors = self._pairs(kind, to, inputs_of(request.body()))
        wanted = []
        for source, target, row in pairs:
            specs = row.get("types")
            if not isinstance(specs, list) or not specs:
                raise bad_request("Invalid input JSON: every input needs types")
            types = [self.associations.type(kind, to, spec) for spec in specs]
            wanted.append((source, target, types))
        for source, target, types in wanted:
            self.associations.add(source, target, types, request.actor)
        return self._complete(201, [_labelled(*row) for row in wanted], errors)

    def batch_default(self, request: ApiRequest) -> Answer:
        """``POST /crm/associations/{kind}/{to}/batch/associate/default``."""
        kind, to = request.kind, request.kind_of(request.args["to"])
        pairs, errors = self._pairs(kind, to, inputs_of(request.body()))
        default = self.associations.default_type(kind, to)
        results = []
        for source, target, _row in pairs:
            self.associations.add(source, target, [default], request.actor)
            results += _both_ways(source, target, default)
        return self._complete(200, results, errors)

    def batch_read(self, request: ApiRequest) -> Answer:
        """``POST /crm/associations/{kind}/{to}/batch/read``."""
        kind, to = request.kind, request.kind_of(request.args["to"])
        self.associations.types_of(kind, to)
        results, errors = [], []
        for row in inputs_of(request.body(), MAX_READ):
            record_id = _id(row)
            record = self.store.table(kind).get(record_id)
            live = record is not None and not record.archived
            found = self.associations.of(record, to) if record is not None and live else {}
            if found:
                targets = _targets(found, request.version)
                results.append({"from": {"id": record_id}, "to": targets})
            else:
                errors.append(_none_found(kind, to, record_id))
        return self._complete(200, results, errors)

    def batch_archive(self, request: ApiRequest) -> Answer:
        """``POST /crm/associations/{kind}/{to}/batch/archive``: all types of each pair."""
        kind, to = request.kind, request.kind_of(request.args["to"])
        for row in inputs_of(request.body()):
            targets = row.get("to")
            if not isinstance(targets, list):
                raise bad_request("Invalid input JSON: to must be a list of ids")
            for target in targets:
                self._remove(request, kind, to, {"from": row.get("from"), "to": target}, None)
        return Answer(204)

    def batch_archive_labels(self, request: ApiRequest) -> Answer:
        """``POST /crm/associations/{kind}/{to}/batch/labels/archive``: the types given."""
        kind, to = request.kind, request.kind_of(request.args["to"])
        for row in inputs_of(request.body()):
            types = [self.associations.type(kind, to, spec) for spec in row.get("types") or []]
            self._remove(request, kind, to, row, types)
        return Answer(204)

    def _remove(
        self, request: ApiRequest, kind: Kind, to: Kind, row: dict, types: list[Type] | None
    ) -> None:
        source = self._live(kind, _id(row.get("from")))
        target = self._live(to, _id(row.get("to")))
        if source is not None and target is not None:
            self.associations.remove(source, target, types, request.actor)

    def _pairs(
        self, kind: Kind, to: Kind, rows: list[dict[str, Any]]
    ) -> tuple[list[tuple[Record, Record, dict]], list[dict[str, Any]]]:
        pairs, errors = [], []
        self.associations.types_of(kind, to)
        for row in rows:
            ids = _id(row.get("from")), _id(row.get("to"))
            source, target = self._live(kind, ids[0]), self._live(to, ids[1])
            if source is None:
                errors.append(not_found(kind, [ids[0]]))
            elif target is None:
                errors.append(not_found(to, [ids[1]]))
            else:
                pairs.append((source, target, row))
        return pairs, errors

    def _live(self, kind: Kind, record_id: str) -> Record | None:
        record = self.store.table(kind).get(record_id)
        return None if record is None or record.archived else record

    def _complete(self, status: int, results: list[dict], errors: list[dict]) -> Answer:
        now = iso(self.account.clock.now())
        body = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
        if errors:
            body |= {"numErrors": len(errors), "errors": errors}
        return Answer.of_json(207 if errors else status, body)

    # -- labels

    def labels(self, request: ApiRequest) -> Answer:
        """``GET /crm/associations/{kind}/{to}/labels``."""
        types = self.associations.types_of(request.kind, request.kind_of(request.args["to"]))
        return ok({"results": [row.as_dict() for row in types.values()]})

    def create_label(self, request: ApiRequest) -> Answer:
        """``POST /crm/associations/{kind}/{to}/labels``."""
        body, to = request.body(), request.kind_of(request.args["to"])
        label = body.get("label")
        if not isinstance(label, str) or not label:
            raise bad_request("A label needs a label")
        inverse = body.get("inverseLabel") or label
        rows = self.associations.add_label(request.kind, to, label, inverse)
        return ok({"results": [row.as_dict() for row in rows]})


def _id(row: Any) -> str:
    value = row.get("id") if isinstance(row, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise bad_request("Invalid input JSON: every end of an association needs an id")
    return str(value)


def _targets(found: dict[str, list[Type]], version: str) -> list[dict[str, Any]]:
    # Version 4 answers numbers, the dated ones texts.
    return [
        {
            "toObjectId": int(other) if version == "v4" else other,
            "associationTypes": [row.as_dict() for row in types],
        }
        for other, types in found.items()
    ]


def _labelled(source: Record, target: Record, types: list[Type]) -> dict[str, Any]:
    return {
        "fromObjectTypeId": source.kind.type_id,
        "fromObjectId": source.id,
        "toObjectTypeId": target.kind.type_id,
        "toObjectId": target.id,
        "labels": [row.label for row in types if row.label],
    }


def _both_ways(source: Record, target: Record, row: Type) -> list[dict[str, Any]]:
    return [
        {
            "from": {"id": one.id},
            "to": {"id": other.id},
            "associationSpec": {"associationCategory": row.category, "associationTypeId": number},
        }
        for one, other, number in ((source, target, row.id), (target, source, row.inverse))
    ]


def _none_found(kind: Kind, to: Kind, record_id: str) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {to.singular} is associated with {kind.singular} {record_id}.",
        "context": {
            "fromObjectId": [record_id],
            "fromObjectType": [kind.singular],
            "toObjectType": [to.singular],
        },
    }
