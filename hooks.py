"""What uninstalling has to take away by itself.

The ORM removes tables, views, scheduled actions and rights. It leaves what other models hold
about ours: parameters, and activities, messages and followers of our records.
"""

MODELS = ('sync.connection', 'sync.mapping')


def uninstall_hook(env):
    """Leave nothing behind; the business records stay as they are."""
    parameters = env['ir.config_parameter'].sudo()
    parameters.search([('key', '=like', 'saas_sync.%')]).unlink()
    env['mail.activity'].sudo().search([('res_model', 'in', MODELS)]).unlink()
    env['mail.message'].sudo().search([('model', 'in', MODELS)]).unlink()
    env['mail.followers'].sudo().search([('res_model', 'in', MODELS)]).unlink()
