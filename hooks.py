"""What uninstalling has to take away by itself.

The ORM removes tables, views, scheduled actions and rights. It leaves what other models hold
about ours: parameters; activities, messages and followers of our records; and the external ids
that other modules hold of our models, because those take part in what they extend (mail.thread).
"""

MODELS = ('sync.connection', 'sync.mapping')


def uninstall_hook(env):
    """Leave nothing behind; the business records stay as they are."""
    parameters = env['ir.config_parameter'].sudo()
    parameters.search([('key', '=like', 'saas_sync.%')]).unlink()
    env['mail.activity'].sudo().search([('res_model', 'in', MODELS)]).unlink()
    env['mail.message'].sudo().search([('model', 'in', MODELS)]).unlink()
    env['mail.followers'].sudo().search([('res_model', 'in', MODELS)]).unlink()
    _foreign_external_ids(env).unlink()


def _foreign_external_ids(env):
    """``mail.selection__sync_connection__…``, ``sms.model_inherit__sync_mapping__…`` and so on."""
    external_ids = env['ir.model.data'].sudo()
    ours = {
        name.removeprefix('model_') for name in external_ids.search([
            ('module', '=', 'saas_sync'), ('name', '=like', 'model_sync_%')]).mapped('name')
    }
    return external_ids.search([
        ('module', '!=', 'saas_sync'),
        '|', ('name', '=like', 'selection__sync_%'), ('name', '=like', 'model_inherit__sync_%'),
    ]).filtered(lambda row: row.name.split('__')[1] in ours)
