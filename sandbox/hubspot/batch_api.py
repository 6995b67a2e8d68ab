"""Batch endpoints: create, read, update, upsert, archive.

Promise: 100 inputs; answers in another order than the inputs; a conflict (409) or a duplicate input
(400) kills the whole batch; other refusals do too, unless every input of a create, update or upsert
carries an ``objectWriteTraceId``: then 207 and the rest is done, but not for upserts by e-mail.
Sources: batch documentation, recorded create. Weakness: batch status is always COMPLETE.
"""

from __future__ import annotations

import random
from typing import Any

from ..core.call import Answer
from ..core.clock import iso
from .account import Account, Wanted
from .errors import ApiError, DuplicateInput, bad_request
from .kinds import Kind
from .present import Shape
from .records import Record
from .request import ApiRequest, words_of
from .store import Draft

MAX_INPUTS = 100


def inputs_of(body: dict[str, Any], most: int = MAX_INPUTS) -> list[dict[str, Any]]:
    """The inputs of a batch. Raises ``ApiError`` 400."""
    rows = body.get("inputs")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise bad_request("Invalid input JSON: inputs must be a list of objects")
    if not rows:
        raise bad_request(f"The batch has no inputs; give 1 to {most}")
    if len(rows) > most:
        raise bad_request(f"The batch has {len(rows)} inputs; the limit is {most}")
    return rows


class BatchApi:
    """Handlers over an :class:`Account`."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.store = account.store
        self._rng = random.Random(account.options.seed)

    # -- endpoints

    def create(self, request: ApiRequest) -> Answer:
        """``POST /crm/objects/{kind}/batch/create``."""
        work = _Work(self, request)
        links: dict[int, list[Wanted]] = {}
        for position, row in enumerate(work.inputs):
            with work.input(row):
                links[position] = self.account.parse_links(request.kind, row.get("associations"))
                work.plan(position, None, row.get("properties", {}))
        return work.finish(201, links=links)

    def update(self, request: ApiRequest) -> Answer:
        """``POST /crm/objects/{kind}/batch/update``."""
        work = _Work(self, request)
        _no_duplicates([_input_id(row) for row in work.inputs])
        for position, row in enumerate(work.inputs):
            record = self._to_update(request.kind, row, work)
            if record is not None:
                with work.input(row):
                    work.plan(position, record, row.get("properties", {}))
        work.refuse_duplicate_records()
        return work.finish(200)

    def _to_update(self, kind: Kind, row: dict[str, Any], work: _Work) -> Record | None:
        value, id_property = _input_id(row), row.get("idProperty")
        if id_property:
            self.store.check_unique_property(kind, id_property, "update")
            record = self.store.table(kind).find(id_property, value)
        else:
            if not value.isdecimal():
                # Seen in production: an e-mail without idProperty changes nothing, silently.
                return None
            # Not table.get(): ids that were merged away do not work here.
            record = self.store.table(kind).records.get(value)
        if record is None or record.archived:
            work.missing.append((value, row.get("objectWriteTraceId")))
            return None
        return record

    def upsert(self, request: ApiRequest) -> Answer:
        """``POST /crm/objects/{kind}/batch/upsert``."""
        work, kind = _Work(self, request), request.kind
        _no_duplicates([_input_id(row) for row in work.inputs])
        for position, row in enumerate(work.inputs):
            id_property = row.get("idProperty")
            if not isinstance(id_property, str):
                raise bad_request("An upsert needs an idProperty in every input")
            self.store.check_unique_property(kind, id_property, "upsert")
            work.partial = work.partial and id_property != "email"
            record = self.store.table(kind).find(id_property, _input_id(row))
            raw = row.get("properties", {})
            if record is None and isinstance(raw, dict):
                raw = {id_property: _input_id(row)} | raw
            with work.input(row):
                work.plan(position, record, raw)
        work.refuse_duplicate_records()
        return work.finish(200, tell_new=True)

    def read(self, request: ApiRequest) -> Answer:
        """``POST /crm/objects/{kind}/batch/read``."""
        body, kind = request.body(), request.kind
        history = tuple(words_of(body, "propertiesWithHistory"))
        rows = inputs_of(body, 50 if history else MAX_INPUTS)
        names = words_of(body, "properties")
        shape = Shape(tuple(names) if names else None, history)
        found: dict[str, Record] = {}
        missing = []
        for value in map(_input_id, rows):
            record = self._to_read(request, value, body.get("idProperty"))
            if record is None:
                missing.append(value)
            else:
                found[record.id] = record
        results = [self.account.presenter.read(record, shape) for record in found.values()]
        return self._answer(200, results, [not_found(kind, missing)] if missing else [])

    def _to_read(self, request: ApiRequest, value: str, id_property: Any) -> Record | None:
        table, archived = self.store.table(request.kind), request.flag("archived")
        if id_property and id_property != "hs_object_id":
            self.store.check_unique_property(request.kind, id_property, "read")
            record = table.find(id_property, value)
        else:
            record = table.get(value)
        if record is None or record.archived != archived or record.erased:
            return None
        return record if self.store.is_readable(record) else None

    def archive(self, request: ApiRequest) -> Answer:
        """``POST /crm/objects/{kind}/batch/archive``."""
        for row in inputs_of(request.body()):
            record = self.store.table(request.kind).get(_input_id(row))
            if record is not None and not record.archived:
                self.store.archive(record, request.actor)
        return Answer(204)

    # -- answers

    def _answer(self, status: int, results: list[dict], errors: list[dict]) -> Answer:
        if self.account.options.shuffle_batches:
            self._rng.shuffle(results)
        now = iso(self.account.clock.now())
        body = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
        if errors:
            body |= {"numErrors": len(errors), "errors": errors}
        return Answer.of_json(207 if errors else status, body)

    def nothing(self, status: int) -> Answer:
        """What was seen in production: success, and nothing done."""
        return self._answer(status, [], [])


class _Work:
    """A batch of writes: planned one by one, committed together."""

    def __init__(self, api: BatchApi, request: ApiRequest) -> None:
        self.api = api
        self.request = request
        self.inputs = inputs_of(request.body())
        self.partial = all(isinstance(row.get("objectWriteTraceId"), str) for row in self.inputs)
        self.claims: set[tuple[str, str]] = set()
        self.drafts: dict[int, Draft] = {}
        self.failures: list[tuple[ApiError, str | None]] = []
        self.missing: list[tuple[str, str | None]] = []

    def input(self, row: dict[str, Any]) -> _Input:
        """A context in which a refusal concerns one input."""
        return _Input(self, row.get("objectWriteTraceId"))

    def plan(self, position: int, record: Record | None, raw: Any) -> None:
        """Check one input."""
        plan = self.api.store.plan
        version, claims = self.request.version, self.claims
        draft = plan(self.request.kind, record, raw, version=version, claims=claims)
        self.drafts[position] = draft

    def refuse_duplicate_records(self) -> None:
        """Two inputs that lead to one record kill the batch."""
        ids = [draft.record.id for draft in self.drafts.values() if draft.record]
        _no_duplicates(ids)

    def finish(
        self,
        status: int,
        *,
        links: dict[int, list[Wanted]] | None = None,
        tell_new: bool = False,
    ) -> Answer:
        """Commit what was planned and answer."""
        if self.failures and not self.partial:
            raise self.failures[0][0]
        results = []
        for position, draft in self.drafts.items():
            record = self.api.store.commit(draft, self.request.actor)
            self.api.account.link(record, (links or {}).get(position, []), self.request.actor)
            result = self.api.account.presenter.written(record, draft.names)
            if tell_new:
                result["new"] = draft.record is None
            if trace := self.inputs[position].get("objectWriteTraceId"):
                result["objectWriteTraceId"] = trace
            results.append(result)
        return self.api._answer(status, results, self._errors())

    def _errors(self) -> list[dict[str, Any]]:
        rows = [
            error.standard_error(objectWriteTraceId=[trace] if trace else [])
            for error, trace in self.failures
        ]
        if self.missing:
            traces = [trace for _value, trace in self.missing if trace]
            row = not_found(self.request.kind, [value for value, _trace in self.missing])
            if traces:
                row["context"]["objectWriteTraceId"] = traces
            rows.append(row)
        return rows


class _Input:
    """Collects the refusal of one input; conflicts and duplicates go through."""

    def __init__(self, work: _Work, trace: str | None) -> None:
        self.work = work
        self.trace = trace

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: type | None, error: BaseException | None, _traceback: Any) -> bool:
        fatal = isinstance(error, DuplicateInput) or getattr(error, "status", 0) == 409
        if not isinstance(error, ApiError) or fatal:
            return False
        self.work.failures.append((error, self.trace))
        return True


def not_found(kind: Kind, ids: list[str]) -> dict[str, Any]:
    """The error row for ids that lead nowhere."""
    message = f"Could not get some {kind.legacy} objects, they may be deleted or not exist. "
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": message + "Check that ids are valid.",
        "context": {"ids": ids},
    }


def _input_id(row: dict[str, Any]) -> str:
    value = row.get("id")
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise bad_request("Invalid input JSON: every input needs an id")
    return str(value)


def _no_duplicates(ids: list[str]) -> None:
    seen: set[str] = set()
    double = sorted({value for value in ids if value in seen or seen.add(value)})
    if double:
        text = f"Duplicate IDs found in batch input: [{', '.join(double)}]. IDs must be unique"
        raise DuplicateInput(text, {"ids": double})
