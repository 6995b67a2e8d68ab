"""Endpoints of properties, property groups, pipelines and owners.

Promise: lists are whole, definitions as recorded; a pipeline or stage that records use cannot be
deleted. Weakness: pipeline audits and property validations are left out.
"""

from __future__ import annotations

from typing import Any

from ..core.call import Answer
from ..core.clock import iso
from .account import Account
from .auth import require_schema_scope
from .batch_api import inputs_of
from .errors import ApiError, NotFound, bad_request
from .kinds import Kind
from .request import ApiRequest, ok

MAX_OWNERS = 500


class PropertiesApi:
    """Handlers of ``/crm/properties``."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.schema = account.store.schema

    def _kind(self, request: ApiRequest) -> Kind:
        verb = "read" if request.call.method == "GET" else "write"
        if request.call.path.endswith("/batch/read"):
            verb = "read"
        kind = request.kind
        require_schema_scope(request.grant, kind, verb, self.account.options.portal_id)
        return kind

    def list(self, request: ApiRequest) -> Answer:
        """``GET /crm/properties/{kind}``."""
        kind, archived = self._kind(request), request.flag("archived")
        rows = (self.schema.archived if archived else self.schema.live)[kind.name].values()
        wanted = request.call.query.get("dataSensitivity", "non_sensitive")
        return ok({"results": [row for row in rows if row["dataSensitivity"] == wanted]})

    def create(self, request: ApiRequest) -> Answer:
        """``POST /crm/properties/{kind}``."""
        kind, now = self._kind(request), self.account.clock.now()
        return Answer.of_json(201, self.schema.create(kind, request.body(), now))

    def get(self, request: ApiRequest) -> Answer:
        """``GET /crm/properties/{kind}/{name}``."""
        archived = request.flag("archived")
        return ok(self.schema.get(self._kind(request), request.args["name"], archived=archived))

    def update(self, request: ApiRequest) -> Answer:
        """``PATCH /crm/properties/{kind}/{name}``."""
        now, name = self.account.clock.now(), request.args["name"]
        return ok(self.schema.update(self._kind(request), name, request.body(), now))

    def archive(self, request: ApiRequest) -> Answer:
        """``DELETE /crm/properties/{kind}/{name}``."""
        now = self.account.clock.now()
        self.schema.archive(self._kind(request), request.args["name"], now)
        return Answer(204)

    def batch(self, request: ApiRequest) -> Answer:
        """``POST /crm/properties/{kind}/batch/{action}``."""
        kind, action, now = self._kind(request), request.args["action"], self.account.clock.now()
        body = request.body()
        rows, results, errors = inputs_of(body), [], []
        for row in rows:
            try:
                if action == "create":
                    results.append(self.schema.create(kind, row, now))
                elif action == "read":
                    archived = bool(body.get("archived"))
                    results.append(self.schema.get(kind, str(row.get("name")), archived=archived))
                else:
                    self.schema.archive(kind, str(row.get("name")), now)
            except ApiError as error:
                errors.append(error.standard_error(name=[str(row.get("name"))]))
        if action == "archive" and not errors:
            return Answer(204)
        answer = {"status": "COMPLETE", "results": results}
        answer |= {"startedAt": iso(now), "completedAt": iso(now)}
        if errors:
            answer |= {"numErrors": len(errors), "errors": errors}
        return Answer.of_json(207 if errors else 201 if action == "create" else 200, answer)

    def groups(self, request: ApiRequest) -> Answer:
        """``GET /crm/properties/{kind}/groups``."""
        return ok({"results": list(self.schema.groups[self._kind(request).name].values())})

    def create_group(self, request: ApiRequest) -> Answer:
        """``POST /crm/properties/{kind}/groups``."""
        groups, body = self.schema.groups[self._kind(request).name], request.body()
        name, label = body.get("name"), body.get("label")
        if not isinstance(name, str) or not name or not label:
            raise bad_request("A property group needs a name and a label")
        if name in groups:
            raise ApiError(409, "OBJECT_ALREADY_EXISTS", f"Property group '{name}' already exists")
        order = body.get("displayOrder", -1)
        groups[name] = {"name": name, "label": label, "displayOrder": order, "archived": False}
        return Answer.of_json(201, groups[name])


class PipelinesApi:
    """Handlers of ``/crm/pipelines``."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.pipelines = account.store.pipelines

    def list(self, request: ApiRequest) -> Answer:
        """``GET /crm/pipelines/{kind}``."""
        return ok({"results": list(self.pipelines.of(request.kind).values())})

    def get(self, request: ApiRequest) -> Answer:
        """``GET /crm/pipelines/{kind}/{id}``."""
        return ok(self.pipelines.get(request.kind, request.args["id"]))

    def create(self, request: ApiRequest) -> Answer:
        """``POST /crm/pipelines/{kind}``."""
        kind, now = request.kind, self.account.clock.now()
        self.pipelines.of(kind)
        return Answer.of_json(201, self.pipelines.create(kind.name, request.body(), now))

    def update(self, request: ApiRequest) -> Answer:
        """``PATCH /crm/pipelines/{kind}/{id}``."""
        pipeline = self.pipelines.get(request.kind, request.args["id"])
        return ok(self._edit(pipeline, request.body()))

    def delete(self, request: ApiRequest) -> Answer:
        """``DELETE /crm/pipelines/{kind}/{id}``."""
        kind, pipeline = request.kind, self.pipelines.get(request.kind, request.args["id"])
        self._refuse_in_use(kind, "pipeline", pipeline["id"])
        del self.pipelines.of(kind)[pipeline["id"]]
        return Answer(204)

    def stages(self, request: ApiRequest) -> Answer:
        """``GET /crm/pipelines/{kind}/{id}/stages``."""
        return ok({"results": self.pipelines.get(request.kind, request.args["id"])["stages"]})

    def create_stage(self, request: ApiRequest) -> Answer:
        """``POST /crm/pipelines/{kind}/{id}/stages``."""
        pipeline = self.pipelines.get(request.kind, request.args["id"])
        now, body, name = self.account.clock.now(), request.body(), request.kind.name
        return Answer.of_json(201, self.pipelines.create_stage(name, pipeline, body, now))

    def update_stage(self, request: ApiRequest) -> Answer:
        """``PATCH /crm/pipelines/{kind}/{id}/stages/{stage}``."""
        return ok(self._edit(self._stage(request), request.body()))

    def delete_stage(self, request: ApiRequest) -> Answer:
        """``DELETE /crm/pipelines/{kind}/{id}/stages/{stage}``."""
        stage = self._stage(request)
        self._refuse_in_use(request.kind, "dealstage", stage["id"])
        self.pipelines.get(request.kind, request.args["id"])["stages"].remove(stage)
        return Answer(204)

    def _stage(self, request: ApiRequest) -> dict[str, Any]:
        stage = self.pipelines.stage(request.kind, request.args["id"], request.args["stage"])
        if stage is None:
            raise NotFound()
        return stage

    def _edit(self, row: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if metadata := body.get("metadata"):
            row["metadata"] |= {name: str(value) for name, value in metadata.items()}
        row |= {name: body[name] for name in ("label", "displayOrder") if name in body}
        row["updatedAt"] = iso(self.account.clock.now())
        return row

    def _refuse_in_use(self, kind: Kind, name: str, value: str) -> None:
        for record in self.account.store.table(kind):
            if not record.archived and record.properties.get(name) == value:
                raise bad_request(f"{name} {value} is used by {kind.legacy} {record.id}")


class OwnersApi:
    """Handlers of ``/crm/owners``."""

    def __init__(self, account: Account) -> None:
        self.owners = account.store.owners

    def list(self, request: ApiRequest) -> Answer:
        """``GET /crm/owners``; ``after`` is the last id seen."""
        rows = self.owners.page(request.flag("archived"), request.call.query.get("email"))
        after, limit = request.call.query.get("after", "0"), request.limit(100, MAX_OWNERS)
        if not after.isdecimal():
            raise bad_request(f"after must be an owner id, not {after}")
        rows = [row for row in rows if int(row["id"]) > int(after)]
        answer: dict[str, Any] = {"results": rows[:limit]}
        if len(rows) > limit:
            answer["paging"] = {"next": {"after": rows[limit - 1]["id"]}}
        return ok(answer)

    def get(self, request: ApiRequest) -> Answer:
        """``GET /crm/owners/{id}``; ``idProperty=userId`` finds by user."""
        wanted, archived = request.args["id"], request.flag("archived")
        name = "userId" if request.call.query.get("idProperty") == "userId" else "id"
        for row in self.owners.rows.values():
            if str(row[name]) == wanted and row["archived"] == archived:
                return ok(row)
        raise NotFound()
