"""Health, and what a connection has to download: its project template, its certificate."""

import re

from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import content_disposition, request

_BEARER = re.compile(r'bearer\s', re.IGNORECASE)


class ApiController(http.Controller):
    # auth='none': liveness looks nobody up; whoever shows a session or a key is looked up below.
    @http.route(
        '/saas_sync/health', type='http', auth='none', methods=['GET'], save_session=False,
        readonly=True, foreign_sender=True,
    )
    def health(self, **_query):
        """Liveness for everybody; figures for a user of SaaS Sync (session or API key).

        Whoever asks wakes the workers where work was forsaken: a monitor asks every few seconds,
        and is the only one awake after all cron processes died at once.
        """
        request.env['sync.worker']._wake_for_forsaken()
        answer = {'status': 'ok'}
        if self._sign_in() and request.env.user.has_group('saas_sync.group_user'):
            connections = request.env['sync.connection'].with_context(
                allowed_company_ids=request.env.user.company_ids.ids
            )
            answer['connections'] = connections.search([])._health()
        return request.make_json_response(answer, headers=[('Cache-Control', 'no-store')])

    def _sign_in(self):
        """Become who asks, where they say who they are; a wrong key is a 401."""
        if _BEARER.match(request.httprequest.headers.get('Authorization', '')):
            request.env['ir.http']._auth_method_bearer()
        elif request.session.uid:
            request.update_env(user=request.session.uid)
        return bool(request.env.uid)

    def _writable(self, number):
        """The connection of this number. Odoo's converter for records would take 0 for none at
        all, which is an error later on, and -1 for 1."""
        connection = request.env['sync.connection'].browse([number]).exists()
        if not connection:
            raise NotFound
        connection.check_access('write')
        return connection

    @http.route(
        '/saas_sync/connection/<int:connection>/project.zip', type='http', auth='user',
        methods=['GET'], readonly=True,
    )
    def project(self, connection, **_query):
        """The project for the provider's command line. It holds no secret, but the webhook
        address, which only managers may see."""
        name, content = self._writable(connection)._project_archive()
        return request.make_response(content, headers=[
            ('Content-Type', 'application/zip'),
            ('Content-Disposition', content_disposition(name)),
        ])

    @http.route(
        '/saas_sync/connection/<int:connection>/certificate.crt', type='http', auth='user',
        methods=['GET'], readonly=True,
    )
    def certificate(self, connection, **_query):
        """The certificate to upload at the provider; the private key never leaves."""
        name, content = self._writable(connection)._certificate_file()
        return request.make_response(content, headers=[
            ('Content-Type', 'application/x-x509-user-cert'),
            ('Content-Disposition', content_disposition(name)),
        ])
