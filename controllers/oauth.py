"""``GET /saas_sync/oauth/callback``: where the provider sends the user back to.

Promises: only a manager who started the sign-in can end it; every way it can fail is a page that
says what happened and what to do, never a traceback; the address the user ends up at holds no
code.
"""

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.http import request

#: The provider's words go onto our page: escaped by the template, and no longer than this.
MAX_REASON = 300


class OAuthController(http.Controller):
    @http.route(
        '/saas_sync/oauth/callback', type='http', auth='user', methods=['GET'], readonly=False,
        foreign_sender=True,
    )
    def callback(self, state=None, code=None, error=None, error_description=None, **_query):
        connection = request.env['sync.connection']
        try:
            connection.check_access('write')
            connection, nonce = connection._oauth_open_state(state)
            if error or not code:
                return self._page(connection, self._refusal(error, error_description))
            # A savepoint, so that a failure half-way leaves nothing of this behind.
            with request.env.cr.savepoint():
                connection._oauth_complete(code, nonce)
        except AccessError:
            return self._page(connection, request.env._(
                'Only a manager of SaaS Sync can connect an account.'), status=403)
        except UserError as problem:
            return self._page(connection, problem.args[0])
        return request.redirect(f'/odoo/sync.connection/{connection.id}')

    def _refusal(self, error, description):
        reason = (description or error or request.env._('no code was sent'))[:MAX_REASON]
        return request.env._('The provider did not grant access: %s', reason)

    def _page(self, connection, message, status=400):
        values = {'message': message, 'connection_id': connection.id}
        return request.render('saas_sync.oauth_problem', values, status=status)
