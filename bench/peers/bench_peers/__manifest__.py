{
    'name': 'Peers of saas_sync, for its benchmark',
    'summary': 'Floors, and the same work as others do it. Never install this in production',
    'version': '19.0.1.0.0',
    'author': 'saas_sync maintainers',
    'license': 'LGPL-3',
    'category': 'Hidden',
    # What saas_sync depends on, so that a write of a partner costs the same in both databases.
    'depends': ['mail', 'contacts', 'crm', 'sale_management', 'base_automation', 'queue_job'],
    'data': ['security/ir.model.access.csv'],
    'installable': True,
}
