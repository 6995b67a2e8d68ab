"""Reading records: by id, by a unique value, by search, page by page.

Promise: an asked id is answered under the id that was asked, whatever HubSpot calls the record
now (merged records get a new id); archived records come back as such; nothing is concluded from
search's index, which lags: matches are read again from the records themselves. Sources: HubSpot's
CRM API guides; recorded answers; for what batch read says of merged and of deleted ids, the thread
"Question about using batch read API" of HubSpot's developer forum (2025).

Ids that batch read denies are looked up alone, at most :data:`PROBES` a batch: as long as none of
these turns up, batch read follows merges, and its word is taken for the rest. So the erasure of
thousands of records does not use up the burst limit.

Weakness: were there an account whose batch read does not follow merges, a merged record among many
erased ones could be taken for erased; one whose batch read does not name what it lacks costs a
call for every id that it misses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ..batch import chunks
from ..contracts import Page, RemoteRecord
from ..errors import DataError
from .hubspot_answers import named_by
from .hubspot_api import HubSpotApi
from .hubspot_associations import read_associations
from .hubspot_objects import MERGED_IDS, object_type
from .hubspot_search import ids_holding
from .hubspot_wire import BatchRead, RecordPage, WireRecord, moment, read_model

BATCH = 100
#: How many of the ids that a batch read denies are looked up alone, to see whether it is right.
PROBES = 10
#: Above this many characters the property list goes into a body instead of the address.
LONGEST_QUERY = 4000
ADDITIONAL_EMAILS = 'hs_additional_emails'


class Reader:
    """Reads one object's records with the properties and associations asked for."""

    def __init__(
        self,
        api: HubSpotApi,
        remote_object: str,
        fields: Iterable[str],
        associations: Iterable[str] = (),
    ):
        self.api = api
        self.kind = object_type(remote_object)
        names = list(dict.fromkeys(fields))
        prefix = 'associations.'
        self.fields = [name for name in names if not name.startswith(prefix)]
        pseudo = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
        self.associations = list(dict.fromkeys([*associations, *pseudo]))
        self.known_by: list[str] = [self.kind.modified, MERGED_IDS]

    @property
    def properties(self) -> list[str]:
        """What we ask HubSpot for: the fields, and what we know the record by."""
        return list(dict.fromkeys([*self.fields, *self.known_by]))

    # --- by id --------------------------------------------------------------------------------

    def read(self, ids: Sequence[str]) -> dict[str, RemoteRecord | None]:
        """Asked id → record or ``None``; any number of ids."""
        asked = list(dict.fromkeys(ids))
        found: dict[str, WireRecord] = {}
        for some in chunks(asked, BATCH):
            found |= self._read_batch(some)
        related = self._associations(found.values())
        return {
            one: self.record(found[one], related) if one in found else None for one in asked
        }

    def live(self, ids: Sequence[str]) -> dict[str, WireRecord]:
        """Asked id → the live record that batch read knows under it; at most a batch."""
        return self._match(ids, self._batch(ids))

    def _read_batch(self, ids: Sequence[str]) -> dict[str, WireRecord]:
        answer = self._ask(ids)
        found = self._match(ids, answer.results)
        missing = [one for one in ids if one not in found]
        if missing:
            found |= self._match(missing, self._batch(missing, archived=True))
        lost = [one for one in missing if one not in found]
        return found | self._lost(lost, denied_by(answer))

    def _lost(self, ids: Sequence[str], denied: set[str]) -> dict[str, WireRecord]:
        """Those of the ids that lead to a record after all. Concluding that one does not deletes
        in Odoo: it takes HubSpot's explicit denial, of a kind that probes have confirmed."""
        ordered = sorted(ids, key=lambda one: one not in denied)
        found = self._singly(ordered[:PROBES])
        doubtful = [one for one in ordered[PROBES:] if found or one not in denied]
        return found | self._singly(doubtful)

    def _ask(
        self, ids: Sequence[str], *, archived: bool = False, id_property: str | None = None
    ) -> BatchRead:
        body = {'inputs': [{'id': one} for one in ids], 'properties': self.properties}
        if id_property:
            body['idProperty'] = id_property
        path = self.api.paths.batch(self.kind.name, 'read')
        params = {'archived': 'true'} if archived else None
        return self.api.ask(BatchRead, path, body, params=params)

    def _batch(self, ids: Sequence[str], **options: Any) -> list[WireRecord]:
        return self._ask(ids, **options).results

    def _match(
        self, ids: Sequence[str], records: Iterable[WireRecord]
    ) -> dict[str, WireRecord]:
        """Asked id → record, by its id now or by the ids that were merged into it."""
        names: dict[str, WireRecord] = {}
        for record in records:
            for old in merged_ids(record):
                names.setdefault(old, record)
        names |= {record.id: record for record in records}
        return {one: names[one] for one in ids if one in names}

    def _singly(self, ids: Sequence[str]) -> dict[str, WireRecord]:
        found = {one: self._single(one) for one in ids}
        return {one: record for one, record in found.items() if record}

    def _single(self, remote_id: str) -> WireRecord | None:
        path = self.api.paths.record(self.kind.name, remote_id)
        short = self.properties if self._fits_address() else self.known_by
        response = self.api.request(
            'GET', path, params={'properties': ','.join(short)}, accept=(404,)
        )
        if response.status == 404:
            return None
        record = read_model(WireRecord, response)
        return record if self._fits_address() else self._again(record)

    def _again(self, record: WireRecord) -> WireRecord:
        return next(iter(self._batch([record.id])), record)

    def _fits_address(self) -> bool:
        return len(','.join(self.properties)) <= LONGEST_QUERY

    # --- by value -----------------------------------------------------------------------------

    def find(self, field: str, values: Sequence[str]) -> dict[str, list[RemoteRecord]]:
        """Value → the live records that hold it; any number of values."""
        asked = list(dict.fromkeys(values))
        self.known_by += [field, ADDITIONAL_EMAILS] if field == 'email' else [field]
        found = {
            record.id: record
            for some in chunks([value for value in asked if value], BATCH)
            for record in self._holding(field, some)
        }
        related = self._associations(found.values())
        by_value = self._by_value(field, found.values())
        return {
            value: [self.record(one, related) for one in by_value.get(value.lower(), ())]
            for value in asked
        }

    def _holding(self, field: str, values: Sequence[str]) -> list[WireRecord]:
        if field == self.api.external_id:
            return self._batch(values, id_property=field)
        if field in self.kind.unique:
            with suppress(DataError):  # one value that is no address refuses the whole read
                return self._batch(values, id_property=field)
        return self._searched(field, values)

    def _by_value(
        self, field: str, records: Iterable[WireRecord]
    ) -> Mapping[str, list[WireRecord]]:
        found: dict[str, list[WireRecord]] = {}
        for record in records:
            for value in values_of(record, field):
                found.setdefault(value, []).append(record)
        return found

    def _searched(self, field: str, values: Sequence[str]) -> list[WireRecord]:
        """By search, whose index lags and may be wrong: the records themselves are read again."""
        ids = ids_holding(self.api, self.kind, field, values)
        return [record for some in chunks(ids, BATCH) for record in self._batch(some)]

    # --- pages --------------------------------------------------------------------------------

    def page(self, cursor: str | None, *, archived: bool) -> Page:
        """One page of the listing, 100 records, by id."""
        params = {'limit': BATCH, 'archived': str(archived).lower()}
        params |= {'after': cursor} if cursor else {}
        if self._fits_address():
            params['properties'] = ','.join(self.properties)
        answer = self.api.fetch(RecordPage, self.api.paths.records(self.kind.name), params)
        records = answer.results
        if not self._fits_address() and records:
            records = self._batch([record.id for record in records], archived=archived)
        related = self._associations(records)
        return Page(
            records=tuple(self.record(one, related) for one in records), cursor=answer.after
        )

    # --- shape --------------------------------------------------------------------------------

    def _associations(
        self, records: Iterable[WireRecord]
    ) -> dict[str, dict[str, tuple[str, ...]]]:
        live = [record.id for record in records if not record.archived]
        return {
            name: read_associations(self.api, self.kind, name, live) for name in self.associations
        }

    def record(
        self, wire: WireRecord, related: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None
    ) -> RemoteRecord:
        """As the engine sees it: the fields asked for that HubSpot knows, and nothing else."""
        known = wire.properties
        return RemoteRecord(
            remote_id=wire.id,
            values={name: known[name] or None for name in self.fields if name in known},
            associations={
                name: ids.get(wire.id, ()) for name, ids in (related or {}).items()
            },
            updated_at=moment(known.get(self.kind.modified)) or wire.updated_at,
            created_at=wire.created_at,
            archived=wire.archived,
            merged_ids=tuple(merged_ids(wire)),
            url=wire.url,
        )


def denied_by(answer: BatchRead) -> set[str]:
    """The ids that a batch read says there is no record of."""
    rows = (row for row in answer.errors or () if row.get('category') == 'OBJECT_NOT_FOUND')
    return {one for row in rows for one in named_by(row)}


def merged_ids(record: WireRecord) -> Iterator[str]:
    """The ids of the records that were merged into this one."""
    listed = record.properties.get(MERGED_IDS) or ''
    return (part for part in str(listed).split(';') if part and part != record.id)


def values_of(record: WireRecord, field: str) -> set[str]:
    """The values that a look-up by ``field`` finds the record by, in lower case."""
    texts = [record.properties.get(field) or '']
    if field == 'email':
        texts += str(record.properties.get(ADDITIONAL_EMAILS) or '').split(';')
    return {str(text).lower() for text in texts if text}
