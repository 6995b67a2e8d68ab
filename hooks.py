"""What uninstalling has to take away by itself.

The ORM removes tables, views, scheduled actions and rights. It leaves what other models hold
about ours: parameters; activities, messages and followers of our records; saved searches; and the
external ids that other modules hold of our models, which take part in what those extend.
"""

MODELS = ('sync.connection', 'sync.mapping')


def uninstall_hook(env):
    """Leave nothing behind; the business records stay as they are."""
    parameters = env['ir.config_parameter'].sudo()
    parameters.search([('key', '=like', 'saas_sync.%')]).unlink()
    env['mail.activity'].sudo().search([('res_model', 'in', MODELS)]).unlink()
    env['mail.message'].sudo().search([('model', 'in', MODELS)]).unlink()
    env['mail.followers'].sudo().search([('res_model', 'in', MODELS)]).unlink()
    models = _our_models(env)
    env['ir.filters'].sudo().with_context(active_test=False).search(
        [('model_id', 'in', list(models))]).unlink()
    _foreign_external_ids(env, models).unlink()


def _our_models(env):
    """Technical names of the models that go with this add-on."""
    rows = env['ir.model.data'].sudo().search([
        ('module', '=', 'saas_sync'), ('model', '=', 'ir.model'), ('name', '=like', 'model_sync_%'),
    ])
    return set(env['ir.model'].sudo().browse(rows.mapped('res_id')).mapped('model'))


def _foreign_external_ids(env, models):
    """``mail.selection__sync_connection__…``, ``sms.model_inherit__sync_mapping__…`` and so on."""
    names = {model.replace('.', '_') for model in models}
    return env['ir.model.data'].sudo().search([
        ('module', '!=', 'saas_sync'),
        '|', ('name', '=like', 'selection__sync_%'), ('name', '=like', 'model_inherit__sync_%'),
    ]).filtered(lambda row: row.name.split('__')[1] in names)
