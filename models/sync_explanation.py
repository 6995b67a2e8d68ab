"""Why is this record at the SaaS, or why is it not? The answer, in sentences for a sales user.

One :class:`Standing` for every pair of accounts and objects the record belongs to, or could belong
to. The sentences go from the cause that outweighs all others (the account is paused) to the
particulars (the last try).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from babel.dates import format_timedelta

from odoo import api, fields, models
from odoo.tools import babel_locale_parse, get_lang

from .domain_words import failing_conditions, in_words, present_value

WORKERS_ASLEEP = 600


@dataclass
class Standing:
    """How a record stands with one object of one account; ``link`` or ``mapping`` may be empty."""

    record: object
    connection: object
    remote_object: str
    mapping: object
    link: object
    lanes: object = None
    #: Messages that came so recently that no lane has taken them up yet.
    fresh: int = 0
    fits: bool = False
    sentences: list[str] = field(default_factory=list)

    @property
    def state(self):
        if any(lane.state in ('failed', 'quarantined') for lane in self.lanes):
            return 'failing'
        stored = self.link.state if self.link else 'none'
        if stored in ('failing', 'conflict'):
            return stored
        if self.lanes or self.fresh:
            return 'pending'
        return 'in_sync' if stored == 'pending' else stored

    @property
    def can_send(self):
        """Whether a record without a link may be sent at once."""
        return bool(not self.link and self.fits and self.mapping.create_out
                    and self.mapping.direction != 'in')


class SyncExplanation(models.AbstractModel):
    _name = 'sync.explanation'
    _description = 'Why a record is synchronised, or is not'

    @api.model
    def _explain(self, record):
        """The standings of one record, with their sentences.

        The caller has checked that the user may read the record.
        """
        standings = self._standings(record.sudo())
        for standing in standings:
            standing.sentences = [
                sentence for say in (
                    self._say_state, self._say_connection, self._say_filter, self._say_lanes,
                    self._say_direction, self._say_untouched, self._say_attempt,
                ) for sentence in (say(standing),) if sentence
            ]
        return standings

    @api.model
    def _why_nothing(self, record):
        """The sentence for a record that no account has anything to do with."""
        return self.env._(
            'No mapping synchronises %s. A manager can add one under SaaS Sync > Mappings.',
            record._description)

    # === STANDINGS === #

    @api.model
    def _standings(self, record):
        links = self.env['sync.standing']._links(record)
        mappings = self.env['sync.standing']._mappings(record._name)
        linked = {(link.connection_id, link.remote_object): link for link in links}
        found = {}
        for (connection, remote_object), link in linked.items():
            found[connection, remote_object] = Standing(
                record, connection, remote_object, link.mapping_id, link)
        for mapping in mappings:
            key = mapping.connection_id, mapping.remote_object
            standing = found.setdefault(key, Standing(
                record, *key, mapping, self.env['sync.link'].sudo()))
            standing.fits = bool(record.filtered_domain(mapping._filter_domain()))
        return self._relevant(list(found.values()))

    @api.model
    def _relevant(self, standings):
        """Of each account what concerns the record; where nothing does, all that could."""
        concerned = {s.connection for s in standings if s.link or s.fits}
        kept = [s for s in standings if s.link or s.fits or s.connection not in concerned]
        for standing in kept:
            standing.lanes = self._open_lanes(standing)
            standing.fresh = self._count_fresh(standing)
        return kept

    @api.model
    def _open_lanes(self, standing):
        """Its lanes; those that are settled and only wait to be swept do not count."""
        lanes = self.env['sync.standing']._lanes(
            standing.record, standing.connection, standing.remote_object, standing.link)
        return lanes.filtered(lambda lane: lane.state != 'running' or lane.sudo().token)

    @api.model
    def _count_fresh(self, standing):
        waiting = [('connection_id', '=', standing.connection.id), ('state', '=', 'pending'),
                   ('lane_id', '=', False)]
        record, link = standing.record, standing.link
        count = self.env['sync.outbox'].sudo().search_count(
            [*waiting, ('res_model', '=', record._name), ('res_id', '=', record.id)])
        if link:
            count += self.env['sync.event'].sudo().search_count(
                [*waiting, ('remote_object', '=', link.remote_object),
                 ('remote_id', '=', link.remote_id)])
        return count

    # === SENTENCES === #

    @api.model
    def _say_state(self, standing):
        link, saas = standing.link, standing.connection._remote_label()
        if not link:
            return self.env._('There is no such record in %s yet, as far as Odoo knows.', saas)
        if link.state == 'excluded':
            return self.env._('It is not synchronised: %s', link.reason or self.env._('excluded.'))
        if link.state == 'conflict':
            return link.reason
        if not link.last_synced_at:
            return self.env._(
                'It is linked to %(saas)s record %(id)s.', saas=saas, id=link.remote_id)
        return self.env._(
            'Odoo and %(saas)s last agreed on it %(when)s.', saas=saas,
            when=self._when(link.last_synced_at))

    @api.model
    def _say_connection(self, standing):
        connection = standing.connection
        names = {'name': connection.name, 'saas': connection._remote_label()}
        if connection.is_fenced or connection._is_neutralized():
            return self.env._('This database is a copy: it never talks to %(saas)s.', **names)
        sentences = {
            'draft': self.env._('The connection "%(name)s" is not set up yet.', **names),
            'paused': self.env._('The connection "%(name)s" is paused: nothing goes in or out '
                                 'until a manager resumes it.', **names),
            'needs_auth': self.env._('%(saas)s refuses the credentials of "%(name)s": everything '
                                     'waits until a manager signs in again.', **names),
        }
        return sentences.get(connection.state) or self._say_slow(connection, names)

    @api.model
    def _say_slow(self, connection, names):
        if connection.shadow:
            return self.env._('"%(name)s" runs in shadow mode: everything is compared and nothing '
                              'is written.', **names)
        if connection.hold_until and connection.hold_until > fields.Datetime.now():
            return self.env._('%(saas)s asked us to be silent; work goes on %(when)s.',
                              when=self._when(connection.hold_until), **names)
        if connection.breaker_state != 'closed':
            return self.env._('%(saas)s does not answer at the moment; it is asked again in a '
                              'little while.', **names)
        return None

    @api.model
    def _say_filter(self, standing):
        mapping, record = standing.mapping, standing.record
        if not mapping or not mapping.active:
            return self.env._('Its mapping was archived or removed, so changes no longer travel.')
        if standing.fits:
            return None
        parts = [
            self._condition(record, part)
            for part in failing_conditions(record, mapping._filter_domain())
        ]
        return self.env._(
            'The filter of "%(mapping)s" leaves it out. It takes records where %(conditions)s.',
            mapping=mapping.name, conditions=self.env._(' and ').join(parts))

    @api.model
    def _condition(self, record, part):
        words, value = in_words(record, part), present_value(record, part)
        if value is None:
            return words
        return self.env._('%(condition)s (here: %(value)s)', condition=words, value=value)

    @api.model
    def _say_lanes(self, standing):
        sentences = [self._say_lane(lane, standing.connection) for lane in standing.lanes]
        if standing.fresh:
            sentences.append(self.env._('A change has just been noted and is about to be worked.'))
        if not sentences:
            return None
        return ' '.join([*sentences, self._say_workers(standing)]).strip()

    @api.model
    def _say_lane(self, lane, connection):
        saas, names = connection._remote_label(), {'why': lane.error_message or ''}
        change = self.env._('A change from %s', saas) if lane.direction == 'in' \
            else self.env._('A change for %s', saas)
        if lane.state in ('failed', 'quarantined'):
            return self.env._('%(change)s failed %(when)s: %(why)s', change=change,
                              when=self._when(lane.failed_at or lane.write_date), **names)
        if lane.state == 'waiting':
            return self.env._('%(change)s waits and is tried again %(when)s. %(why)s',
                              change=change, when=self._when(lane.run_at), **names)
        if lane.state == 'running':
            return self.env._('%s is being worked right now.', change)
        return self.env._('%s is about to be worked.', change)

    @api.model
    def _say_workers(self, standing):
        """Nothing moves where the server's scheduled actions do not run: say so."""
        if standing.state != 'pending':
            return ''
        cron = self.env.ref('saas_sync.ir_cron_worker_1', raise_if_not_found=False)
        cron = cron and cron.sudo()
        if cron and cron.active:
            overdue = (fields.Datetime.now() - cron.nextcall).total_seconds() > WORKERS_ASLEEP
            if not overdue:
                return ''
        return self.env._('The scheduled actions that do the work do not run: tell an '
                          'administrator.')

    @api.model
    def _say_direction(self, standing):
        mapping, saas = standing.mapping, standing.connection._remote_label()
        if not standing.fits or mapping.direction == 'both':
            return None
        if mapping.direction == 'in':
            return self.env._('Changes travel from %s to Odoo only: what is changed here is not '
                              'sent.', saas)
        return self.env._('Changes travel from Odoo to %(saas)s only: what is changed in %(saas)s '
                          'is not taken over.', saas=saas)

    @api.model
    def _say_untouched(self, standing):
        """A record that takes part, is not linked, and has nothing on its way."""
        mapping, saas = standing.mapping, standing.connection._remote_label()
        if standing.link or not standing.fits or standing.state == 'pending':
            return None
        if mapping.direction == 'in':
            return self.env._('It is linked as soon as %(saas)s has a record that matches%(keys)s.',
                              saas=saas, keys=self._keys(mapping))
        if not mapping.create_out:
            return self.env._('The mapping creates no records in %(saas)s: it is linked as soon as '
                              '%(saas)s has a record that matches%(keys)s.',
                              saas=saas, keys=self._keys(mapping))
        return self.env._('It has not been changed since the mapping was set up, so it was never '
                          'sent. Press "Sync now" to send it.')

    @api.model
    def _keys(self, mapping):
        labels = [line.odoo_label for line in mapping.line_ids
                  if line.odoo_field in mapping._match_keys()]
        return self.env._(' by %s', ', '.join(labels)) if labels else ''

    @api.model
    def _say_attempt(self, standing):
        keys = [f'{standing.record._name},{standing.record.id}']
        keys += [standing.link.remote_id] if standing.link else []
        attempt = self.env['sync.attempt'].sudo().search(
            [('connection_id', '=', standing.connection.id), ('key', 'in', keys),
             ('object', '=', standing.remote_object)], limit=1)
        if not attempt or standing.lanes or standing.fresh:
            return None
        outcome = dict(attempt._fields['outcome']._description_selection(self.env))
        return self.env._(
            'Last try, %(when)s: %(outcome)s. %(summary)s', when=self._when(attempt.create_date),
            outcome=outcome.get(attempt.outcome, '').lower(), summary=attempt.outcome_text or '')

    @api.model
    def _when(self, moment):
        """'3 minutes ago', 'in 2 hours': what a reader would work out from the clock."""
        if not moment:
            return ''
        delta = moment - fields.Datetime.now()
        return format_timedelta(
            delta, add_direction=True, locale=babel_locale_parse(get_lang(self.env).code))
