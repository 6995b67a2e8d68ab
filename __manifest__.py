{
    'name': 'SaaS Sync',
    'summary': 'Keep Odoo and your SaaS accounts in the same business state, from inside Odoo',
    'version': '19.0.1.0.0',
    'author': 'saas_sync maintainers',
    'category': 'Productivity/SaaS Sync',
    'license': 'LGPL-3',
    'depends': ['mail', 'contacts', 'crm', 'sale_management'],
    'external_dependencies': {'python': ['requests', 'pydantic>=2', 'tenacity', 'cryptography']},
    'data': [
        'data/ir_cron.xml',
    ],
    'application': True,
}
