"""Reading records: by id, by a value, page by page, by what has changed.

Promise: an asked id is answered under the id that was asked, of 15 or of 18 characters, whatever
became of the record: one that was merged leads to the one that lives on, one in the recycle bin
comes back as archived, one that was purged is ``None``. Everything is read by ``queryAll``, from
the records themselves and not from a search index.

Pages go by key (``Id > …``, or ``SystemModstamp`` and ``Id``), so that rows which come or go
meanwhile neither repeat nor hide others, and a thousand rows of one stamp do not stop a poll.

Weakness: a row becomes visible when its transaction ends, which may be later than its stamp says.
A poll therefore ends :data:`POLL_LAG` seconds ago, and the engine asks again for an overlap.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

from ..contracts import Page, RemoteRecord
from ..errors import ContractError
from ..wire import moment
from . import salesforce_soql as soql
from .salesforce_api import SalesforceApi
from .salesforce_objects import CONVERTED, is_id, long_id, object_type
from .salesforce_wire import DeletedAnswer, QueryAnswer

PAGE = 2000
#: Seconds that a poll stays behind the present.
POLL_LAG = 60
#: How long Salesforce keeps the log of deletions, less a margin ("Get a List of Deleted Records").
DELETED_DAYS = timedelta(days=14, hours=22)
#: Bytes of an encoded query; address and headers together are refused above 16,384.
LONGEST_ADDRESS = 12_000
#: Objects that are merged, and say into which record.
MERGEABLE = frozenset(('Account', 'Contact', 'Lead'))
_PURGED = 'purged'
_PREFIX = 'associations.'


class Reader:
    """Reads one object's records with the fields and associations asked for."""

    def __init__(
        self,
        api: SalesforceApi,
        remote_object: str,
        fields: Iterable[str] = (),
        associations: Iterable[str] = (),
    ):
        self.api = api
        self.kind = object_type(remote_object)
        names = list(dict.fromkeys(fields))
        self.fields = [name for name in names if not name.startswith(_PREFIX)]
        pseudo = [name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX)]
        self.associations = list(dict.fromkeys([*associations, *pseudo]))

    @property
    def columns(self) -> list[str]:
        """What we ask for: the fields, the lookups, and what we know the record by."""
        lookups = [self._lookup(name) for name in self.associations]
        known_by = ['Id', 'SystemModstamp', 'CreatedDate', 'IsDeleted']
        known_by += ['MasterRecordId'] if self.kind.name in MERGEABLE else []
        known_by += ['IsConverted', *CONVERTED.values()] if self.kind.name == 'Lead' else []
        return list(dict.fromkeys([*known_by, *self.fields, *lookups]))

    def _lookup(self, association: str) -> str:
        field = self.kind.lookups.get(association)
        if field is None:
            raise ContractError(
                f'{self.kind.name} has no association {association!r}',
                user_message=f'Salesforce’s {self.kind.label} does not belong to '
                f'"{association}". Change or remove the line of the mapping.',
                code='UNKNOWN_ASSOCIATION',
                field=f'{_PREFIX}{association}',
            )
        return field

    # --- by id --------------------------------------------------------------------------------

    def read(self, ids: Sequence[str]) -> dict[str, RemoteRecord | None]:
        """Asked id → record or ``None``; any number of ids."""
        asked = list(dict.fromkeys(ids))
        rows = self._rows_by_id({long_id(one) for one in asked if is_id(one)})
        return {one: self._resolved(long_id(one), rows) for one in asked}

    def _rows_by_id(self, ids: set[str]) -> dict[str, dict[str, Any]]:
        """Id → row, those included into which they were merged."""
        rows: dict[str, dict[str, Any]] = {}
        wanted = ids
        while wanted:
            found = {long_id(row['Id']): row for row in self._holding('Id', sorted(wanted))}
            rows |= found
            masters = {long_id(row.get('MasterRecordId') or '') for row in found.values()}
            wanted = {one for one in masters if one} - rows.keys()
        return rows

    def _resolved(self, remote_id: str, rows: Mapping[str, dict]) -> RemoteRecord | None:
        merged = []
        while remote_id in rows and rows[remote_id].get('MasterRecordId'):
            if remote_id in merged:
                return None  # two records that claim to be merged into each other
            merged.append(remote_id)
            remote_id = long_id(rows[remote_id]['MasterRecordId'])
        return self.record(rows[remote_id], merged) if remote_id in rows else None

    def _holding(self, field: str, values: Sequence[str]) -> list[dict[str, Any]]:
        """The rows, deleted ones included, whose ``field`` is one of ``values``."""
        select = soql.select(self.columns, self.kind.name)
        room = max(LONGEST_ADDRESS - len(quote(select)), 1000) // 3
        return [
            row
            for where, _some in soql.any_of(field, values, room)
            for row in self.api.query(f'{select} WHERE {where}', deleted=True)
        ]

    # --- by value -----------------------------------------------------------------------------

    def find(self, field: str, values: Sequence[str]) -> dict[str, list[RemoteRecord]]:
        """Value → the live records that hold it, whatever its case; any number of values."""
        asked = list(dict.fromkeys(values))
        reader = Reader(self.api, self.kind.name, [*self.fields, field], self.associations)
        found: dict[str, list[dict[str, Any]]] = {}
        for row in reader._holding(field, [value for value in asked if value]):
            if not row.get('IsDeleted'):
                found.setdefault(str(row.get(field)).lower(), []).append(row)
        return {
            value: [self.record(row) for row in found.get(value.lower(), ())] for value in asked
        }

    def origins(self, made: str, ids: Sequence[str]) -> dict[str, str]:
        """Id of a ``made`` record → that of the lead it was converted from, where there is one."""
        field = CONVERTED[made]
        select = soql.select(['Id', field], self.kind.name)
        found = {}
        for where, _some in soql.any_of(field, [long_id(one) for one in ids], LONGEST_ADDRESS // 4):
            rows = self.api.query(f'{select} WHERE IsConverted = true AND {where}')
            found |= {long_id(row[field]): long_id(row['Id']) for row in rows}
        return found

    # --- pages --------------------------------------------------------------------------------

    def page(self, cursor: str | None, *, archived: bool) -> Page:
        """One page of the listing by id; of what was deleted, purged rows come last."""
        if cursor == _PURGED:
            return self._purged()
        where = [f'IsDeleted = {"true" if archived else "false"}']
        where += [f'Id > {soql.quoted(cursor)}'] if cursor else []
        rows = self.api.query(
            soql.select(
                self.columns, self.kind.name, ' AND '.join(where), order=['Id'], limit=PAGE
            ),
            deleted=archived,
        )
        last = long_id(rows[-1]['Id']) if len(rows) == PAGE else (_PURGED if archived else None)
        return Page(records=tuple(self.record(row) for row in rows), cursor=last)

    def _purged(self) -> Page:
        """What the log of deletions holds: the only trace of rows that left the recycle bin.

        Its seconds are ignored, so what was deleted within this minute is found the next time.
        """
        now = utcnow()
        window = {'start': _iso(now - DELETED_DAYS), 'end': _iso(now)}
        answer = self.api.fetch(
            DeletedAnswer, self.api.sobject(self.kind.name, 'deleted'), window
        )
        return Page(
            records=tuple(
                RemoteRecord(
                    remote_id=long_id(row.id), archived=True, updated_at=row.deleted_date
                )
                for row in answer.rows
            )
        )

    def changed(self, since: datetime, until: datetime, cursor: str | None) -> Page:
        """One page of what was modified in [since, until], deletions included, oldest first."""
        lag = timedelta(seconds=self._poll_lag())
        until = min(until, utcnow() - lag)
        if until <= since:
            return Page(records=())
        lower = _after(cursor) if cursor else f'SystemModstamp >= {soql.moment(since)}'
        where = f'{lower} AND SystemModstamp <= {soql.moment(until)}'
        order = ['SystemModstamp', 'Id']
        rows = self.api.query(
            soql.select(self.columns, self.kind.name, where, order=order, limit=PAGE),
            deleted=True,
        )
        following = _cursor(rows[-1]) if len(rows) == PAGE else None
        return Page(records=tuple(self.record(row) for row in rows), cursor=following)

    def _poll_lag(self) -> float:
        lag = self.api.settings.get('poll_lag')
        return POLL_LAG if lag is None else float(lag)

    def count(self) -> int:
        """How many live rows the object has."""
        soql_text = f'SELECT COUNT() FROM {soql.name(self.kind.name)}'
        return self.api.fetch(QueryAnswer, '/query', {'q': soql_text}).total

    # --- shape --------------------------------------------------------------------------------

    def record(self, row: Mapping[str, Any], merged: Iterable[str] = ()) -> RemoteRecord:
        """As the engine sees it: the fields asked for and nothing else; ``''`` is empty."""
        return RemoteRecord(
            remote_id=long_id(row['Id']),
            values={
                name: None if row[name] == '' else row[name]
                for name in self.fields
                if name in row
            },
            associations={
                name: tuple(long_id(one) for one in [row.get(self._lookup(name))] if one)
                for name in self.associations
            },
            updated_at=moment(row.get('SystemModstamp')),
            created_at=moment(row.get('CreatedDate')),
            archived=bool(row.get('IsDeleted')),
            merged_ids=tuple(merged),
            became={
                name: long_id(row[field])
                for name, field in CONVERTED.items()
                if row.get('IsConverted') and row.get(field)
            },
        )


def utcnow() -> datetime:
    """The present, as this machine knows it; a poll's lag and overlap forgive a minute."""
    return datetime.now(timezone.utc)


def _iso(value: datetime) -> str:
    return value.strftime('%Y-%m-%dT%H:%M:%S+00:00')


def _cursor(row: Mapping[str, Any]) -> str:
    """Where the next page begins: behind this row. Times as Salesforce wrote them."""
    return json.dumps([row['SystemModstamp'], long_id(row['Id'])])


def _after(cursor: str) -> str:
    """The condition of the page behind ``cursor``.

    :raises ContractError: it is none of ours.
    """
    try:
        stamp, remote_id = json.loads(cursor)
        at = moment(stamp)
    except (ValueError, TypeError):
        at, remote_id = None, None
    if at is None or not is_id(remote_id):
        raise ContractError(f'{cursor!r} is no cursor of a poll')
    literal = at.strftime('%Y-%m-%dT%H:%M:%S.') + f'{at.microsecond // 1000:03d}Z'
    return (
        f'(SystemModstamp > {literal} OR '
        f'(SystemModstamp = {literal} AND Id > {soql.quoted(remote_id)}))'
    )
