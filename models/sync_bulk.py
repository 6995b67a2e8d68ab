"""Thousands of waiting records as jobs of the remote, without a worker that waits for them.

::

    collecting ──sent──► created ──► running ──ended, results stored──► done ──rows gone──► deleted
        ▲                   │
        └──never began──────┘   (given up there, and sent again)

Where more records of one object wait to go out than the connector's ``bulk_from``, each batch puts
its changes into a job instead of sending them; the lanes wait. One of them, the pilot, comes back
every few seconds: it sends the job when nobody adds to it any more, asks how it stands, stores what
became of each row when it has ended, and wakes the others. Each lane then ends by its own row.

Promises: what was collected is committed before anything is sent, and the job's id before it has
rows, so that a worker that dies leaves a job which the next one finds. A row without a result is
sent again; that does no harm, for rows state what is to be and carry our key or the record's id.
What changed in Odoo meanwhile goes out after the job: nobody writes the record while it runs.

Weakness: a job whose creation got no answer stays with the remote, empty, until that removes it.
"""

from __future__ import annotations

from datetime import timedelta

from odoo import api, fields, models

from ..engine.contracts import Change
from ..engine.errors import SyncError
from . import clock
from .queue_cursor import insert_values, next_transaction, queue_cursor
from .record_adapter import RecordAdapter
from .session_lock import session_locks
from .sync_settlement import Result

#: Seconds between two looks of the pilot, and of a lane that only waits.
PILOT_DELAY, PASSENGER_DELAY = 3, 600
#: A job that is still added to is sent after so long.
COLLECT_FOR = timedelta(seconds=60)
_CHANGE = ('key', 'operation', 'remote_id', 'values', 'associations', 'dropped')


class SyncBulkJob(models.Model):
    _name = 'sync.bulk.job'
    _description = 'Bulk job'
    _order = 'id desc'

    connection_id = fields.Many2one(
        'sync.connection', required=True, readonly=True, ondelete='cascade')
    company_id = fields.Many2one(related='connection_id.company_id', store=True, index=True)
    mapping_id = fields.Many2one('sync.mapping', required=True, readonly=True, ondelete='cascade')
    remote_object = fields.Char(required=True, readonly=True)
    by_id = fields.Boolean('Updates', readonly=True, help='Known records, by their ID.')
    remote_job = fields.Char('Job', readonly=True)
    state = fields.Selection(
        [('collecting', 'Collecting'), ('created', 'Being sent'), ('running', 'Running'),
         ('done', 'Ended')], required=True, readonly=True, default='collecting')
    row_count = fields.Integer('Records', readonly=True)
    byte_count = fields.Integer(readonly=True)
    row_ids = fields.One2many('sync.bulk.row', 'job_id')

    _open_idx = models.Index('(connection_id, remote_object, state)')

    # === COLLECTING === #

    @api.model
    def _collect(self, connection, adapter, items, results):
        """Put the changes of a batch into a job, where so many records wait that it pays."""
        cls = connection._connector_class()
        wanted = [item for item in items if item.change and item.lane.id not in results
                  and item.change.operation == 'upsert' and not item.change.keyless]
        if not wanted or cls.bulk_from is None or connection.shadow:
            return
        remote_object = adapter.mapping.remote_object
        if not (self._collecting(connection, adapter.mapping)
                or self._backlog(connection, remote_object) + len(items) > cls.bulk_from):
            return
        for by_id in (False, True):
            some = [item for item in wanted if bool(item.change.remote_id) == by_id]
            if some:
                self._add(connection, adapter.mapping, some, by_id, results)

    @api.model
    def _backlog(self, connection, remote_object):
        """How many lanes are due to go out, counted no further than it matters."""
        self.env.cr.execute(
            """SELECT count(*) FROM (
                   SELECT 1 FROM sync_lane
                    WHERE connection_id = %s AND direction = 'out' AND object = %s
                      AND state IN ('ready', 'waiting')
                      AND run_at <= clock_timestamp() AT TIME ZONE 'UTC'
                    LIMIT %s) AS due""",
            [connection.id, remote_object, connection._connector_class().bulk_from + 1])
        return self.env.cr.fetchone()[0]

    @api.model
    def _collecting(self, connection, mapping, by_id=None):
        cls = connection._connector_class()
        return self.sudo().search([
            ('connection_id', '=', connection.id), ('mapping_id', '=', mapping.id),
            ('state', '=', 'collecting'), ('row_count', '<', cls.bulk_most),
            ('byte_count', '<', cls.bulk_bytes),
            *([('by_id', '=', by_id)] if by_id is not None else [])], limit=1)

    @api.model
    def _add(self, connection, mapping, items, by_id, results):
        job = self._collecting(connection, mapping, by_id) or self.sudo().create({
            'connection_id': connection.id, 'mapping_id': mapping.id, 'by_id': by_id,
            'remote_object': mapping.remote_object})
        changes = {item: item.change.model_dump(mode='json', include=set(_CHANGE))
                   for item in items}
        # A job that was sent since our snapshot makes this a lost race: the batch is done again.
        job.write({
            'row_count': job.row_count + len(items),
            'byte_count': job.byte_count + sum(len(str(change)) for change in changes.values())})
        pilot = not job.row_ids
        self.env['sync.bulk.row']._insert(job, changes)
        for item in items:
            results[item.lane.id] = Result(
                'waiting', delay=PILOT_DELAY if pilot else PASSENGER_DELAY,
                reason=self.env._('Part of a bulk job that is being put together.'))
            pilot = False

    # === GOING ON === #

    @api.model
    def _resume(self, connection, remote_object, items, results):
        """Settle the items that are part of a job: they wait, or end as their row did."""
        rows = self._rows_of(connection, remote_object, items)
        for job in rows.job_id:
            self._advance(connection, job)
        ended = rows.filtered(lambda row: row.job_id.state == 'done')
        by_record = {(item.res_model, item.res_id): item for item in items}
        steered = set()
        for row in rows - ended:
            item = by_record[row.res_model, row.res_id]
            # Whoever comes back first steers the job from now on: the pilot may be gone.
            delay = PASSENGER_DELAY if row.job_id in steered else PILOT_DELAY
            steered.add(row.job_id)
            results[item.lane.id] = Result('waiting', delay=delay, reason=self.env._(
                'Part of bulk job %s, which has not ended yet.', row.job_id.remote_job or '…'))
        by_row = {row: by_record[row.res_model, row.res_id] for row in ended}
        for mapping, group in ended.grouped('mapping_id').items():
            self._end(connection, RecordAdapter(mapping), group, by_row, results)
        jobs = ended.job_id
        ended.unlink()
        jobs.filtered(lambda job: not job.row_ids).unlink()

    @api.model
    def _rows_of(self, connection, remote_object, items):
        if connection._connector_class().bulk_from is None or not self.sudo().search_count(
                [('connection_id', '=', connection.id), ('remote_object', '=', remote_object)],
                limit=1):
            return self.env['sync.bulk.row']
        return self.env['sync.bulk.row'].sudo().search([
            ('job_id.connection_id', '=', connection.id),
            ('job_id.remote_object', '=', remote_object),
            ('res_model', 'in', list({item.res_model for item in items})),
            ('res_id', 'in', [item.res_id for item in items])], order='id')

    @api.model
    def _end(self, connection, adapter, rows, by_row, results):
        """End items by their rows; one with news since is looked at once more, for what changed."""
        jobs, confirmed = connection._connector().bulk(adapter.mapping.remote_object), []
        for row in rows:
            item, found = by_row[row], row.result or {'status': 'unprocessed'}
            item.mapping, item.to_remote = adapter.mapping, row.change['values_here']
            item.defaulted, item.change = row.change['defaulted'], row._as_change()
            item.link = self.env['sync.link']._by_record(
                connection, adapter.mapping.remote_object, item.res_model, [item.res_id]
            ).get(item.res_id)
            again = Result('waiting', reason=self.env._('Sent by a bulk job; looked at once more.'))
            if found['status'] != 'unprocessed':
                outcome = jobs.outcome(item.change, found)
                result = self.env['sync.outbound']._settle(
                    connection, adapter, item, outcome, confirmed)
                news = item.lane.upto != row.change['seen']
                again = again if result.outcome == 'done' and news else result
            results[item.lane.id] = again
        self.env['sync.linker']._after_outbound(connection, adapter, confirmed)

    # === STEERING === #

    @api.model
    def _advance(self, connection, job):
        """Do the next step of a job, where it is time for one and nobody else is at it."""
        if job.state == 'done':
            return
        with session_locks(self.env.cr, 'saas_sync.bulk', [str(job.id)]) as mine:
            next_transaction(self.env)
            job.invalidate_recordset()
            if mine and job.exists():
                self._step(connection, job)

    @api.model
    def _step(self, connection, job):
        jobs = connection._connector().bulk(job.remote_object)
        if job.state == 'collecting' and self._is_full(connection, job):
            self._send(jobs, job)
        elif job.state == 'created':
            self._find(jobs, job)
        elif job.state == 'running' and jobs.state(job.remote_job) == 'ended':
            job.row_ids._store_results(jobs.results(job.remote_job, by_id=job.by_id))
            self._go(job, 'done')
            self._wake(job)

    @api.model
    def _is_full(self, connection, job):
        cls = connection._connector_class()
        return (job.row_count >= cls.bulk_most or job.byte_count >= cls.bulk_bytes
                or job.create_date + COLLECT_FOR < clock.now(self.env)
                or not self._backlog(connection, job.remote_object))

    @api.model
    def _send(self, jobs, job):
        job.remote_job = jobs.create(by_id=job.by_id)
        self._go(job, 'created')
        try:
            changes = [row._as_change() for row in job.row_ids]
            jobs.send(job.remote_job, changes, by_id=job.by_id)
        except SyncError:
            self.env.cr.rollback()
            raise  # whether it began is found out by the next look
        self._go(job, 'running')

    @api.model
    def _find(self, jobs, job):
        """A worker died, or got no answer, when it sent the job: did it begin?"""
        if jobs.state(job.remote_job) != 'open':
            self._go(job, 'running')
            return
        jobs.abort(job.remote_job)
        job.remote_job = False
        self._go(job, 'collecting')

    @api.model
    def _go(self, job, state):
        job.state = state
        next_transaction(self.env)

    @api.model
    def _wake(self, job):
        """Have the lanes of a job's rows come back now."""
        keys = [f'{row.res_model},{row.res_id}' for row in job.row_ids]
        with queue_cursor(self.env) as cr:
            cr.execute(
                """UPDATE sync_lane SET run_at = clock_timestamp() AT TIME ZONE 'UTC'
                    WHERE id IN (SELECT id FROM sync_lane
                                  WHERE connection_id = %s AND direction = 'out' AND object = %s
                                    AND key = ANY(%s) AND state = 'waiting'
                                  FOR NO KEY UPDATE SKIP LOCKED)""",
                [job.connection_id.id, job.remote_object, keys])
        self.env['sync.worker']._wake_after_commit()


class SyncBulkRow(models.Model):
    _name = 'sync.bulk.row'
    _description = 'Record of a bulk job'

    job_id = fields.Many2one('sync.bulk.job', required=True, ondelete='cascade', index=True)
    mapping_id = fields.Many2one(related='job_id.mapping_id')
    res_model = fields.Char(required=True)
    res_id = fields.Many2oneReference(model_field='res_model', required=True)
    key = fields.Char(required=True, help='Our key, or the ID of a known record.')
    change = fields.Json(
        help='What is written there, what Odoo held for it, and the last message that led to it.')
    result = fields.Json()

    _record_idx = models.UniqueIndex('(job_id, res_model, res_id)')
    _record_lookup_idx = models.Index('(res_id, res_model)')

    @api.model
    def _insert(self, job, changes):
        """:param changes: item → its change as plain values"""
        self.sudo().create([
            {'job_id': job.id, 'res_model': item.res_model, 'res_id': item.res_id,
             'key': item.change.remote_id if job.by_id else item.change.key,
             'change': {**change, 'values_here': item.to_remote, 'defaulted': item.defaulted,
                        'seen': item.lane.upto}}
            for item, change in changes.items()])

    def _as_change(self):
        return Change(**{name: self.change[name] for name in _CHANGE})

    def _store_results(self, results):
        """:param results: key → what became of the row"""
        self.env.flush_all()
        insert_values(
            self.env.cr,
            """UPDATE sync_bulk_row r SET result = v.result
                 FROM (VALUES %s) AS v(id, result) WHERE r.id = v.id""",
            [(row.id, fields.Json().convert_to_column(results[row.key], row))
             for row in self if row.key in results], '(%s, %s::jsonb)')
        self.invalidate_recordset(['result'])
