"""When the remote changes its fields: mappings say what no longer fits, and go on without it.

The schema of a mapped object is read again when an account is connected, once a day, and when the
remote refuses a field. A line whose remote field vanished, or took a type its converter cannot
read, is left out from then on: every other field of every record keeps flowing. A field that became
read-only at the remote is still read. The mapping says so in a banner with the remedy, and tells
the responsible person once. It all ends by itself when the field is back or the line is corrected.

Weakness: between the change and its discovery, values of that field fail or wait.
"""

from __future__ import annotations

from datetime import timedelta, timezone

from odoo import fields, models

from . import clock

CHECK_INTERVAL = timedelta(days=1)
#: The remote's clock may be behind ours by so much.
SKEW = timedelta(minutes=5)
#: A refusal has the schema read again, but not for every refused record.
REFUSAL_PAUSE = timedelta(minutes=1)


class SyncMapping(models.Model):
    _inherit = 'sync.mapping'

    schema_alert = fields.Text(
        'Fields that no longer fit', readonly=True, copy=False,
        help='What the SaaS has changed about mapped fields. The others are synchronised.')
    schema_checked_at = fields.Datetime(
        'Fields checked', readonly=True, copy=False, default=lambda self: clock.now(self.env))

    # === WHAT STILL FITS === #

    def _working_lines(self):
        """The lines whose remote fields are there and fit."""
        return self.line_ids.filtered(lambda line: not line._problem_of_schema())

    def _check_schema(self):
        """Note what no longer fits; tell a person where that is news."""
        for mapping in self:
            problems = [
                f'{line.odoo_label}: {problem}' for line in mapping.line_ids
                if (problem := line._problem_of_remote() or line._problem_of_schema())
            ]
            alert = '\n'.join(problems) or False
            if alert != mapping.schema_alert:
                mapping.write({'schema_alert': alert, 'version': mapping.version + 1})
                mapping._forget()
                if alert:
                    mapping._tell_of_schema()

    def _tell_of_schema(self):
        connection = self.connection_id
        self.message_post(
            body=self.env._(
                '%(provider)s has changed fields of %(object)s. The fields named here are not '
                'synchronised as before; all others are. Change or remove their lines, or give the '
                'connection’s user access to them again. %(alert)s',
                provider=connection._remote_label(), object=self.remote_object,
                alert=self.schema_alert),
            partner_ids=connection.user_id.partner_id.ids, message_type='notification',
            subtype_xmlid='mail.mt_comment')

    # === LEARNING ANEW === #

    def _schema_is_due(self, now):
        return not self.schema_checked_at or self.schema_checked_at + CHECK_INTERVAL <= now

    def _refresh_schema(self, connector=None):
        """Have the object described anew, where it has changed; its options in any case."""
        self.ensure_one()
        connection, known = self.connection_id, self.env['sync.remote.field'].sudo()
        connector = connector or connection._connector()
        learnt_at = known._learnt_at(connection, self.remote_object)
        since = learnt_at and (learnt_at - SKEW).replace(tzinfo=timezone.utc)
        described = connector.describe_since(self.remote_object, since)
        if described is None:
            names = [name for line in self.line_ids for name in line._remote_fields()]
            known._store_options(
                connection, self.remote_object, connector.options(self.remote_object, names))
        else:
            known._store(connection, self.remote_object, described)
        self.schema_checked_at = clock.now(self.env)

    def _doubts_schema(self, error):
        """Whether ``error`` is worth reading the schema again; not for every refused record."""
        self.ensure_one()
        checked = self.schema_checked_at
        return error.code in self.connection_id._connector_class().schema_codes and (
            not checked or checked + REFUSAL_PAUSE <= clock.now(self.env))

    def _ask_for_schema(self):
        """Have the schema read with the next round of scans."""
        if self.schema_checked_at:
            self.schema_checked_at = False


class SyncMappingLine(models.Model):
    _inherit = 'sync.mapping.line'

    def _problem_of_schema(self):
        """Why the line cannot work with the remote fields as they are now, else None."""
        known = self.env['sync.remote.field'].sudo()._read_group(
            [('connection_id', '=', self.connection_id.id),
             ('remote_object', '=', self.remote_object)], ['name'], ['read_only:bool_or'])
        if not known:
            return None
        read_only = dict(known)
        names = self._remote_fields()
        sends_only = self.mapping_id.direction == 'out'
        if any(name not in read_only or (sends_only and read_only[name]) for name in names):
            return self._problem_of_remote()
        return self._problem_of_converter()
