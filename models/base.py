"""Change capture, at the level where the ORM writes stored columns.

``write()`` does not see everything: stored computed fields are written by the flush, and the far
end of a relation by another model. ``_write_multi`` and ``_create`` see every stored column,
``modified`` sees many2many fields from both of their sides. A model nobody maps pays one
dictionary look-up; what a mapped one pays is in :mod:`.sync_capture`.
"""

from odoo import models

from .sync_capture import watch_of


class Base(models.AbstractModel):
    _inherit = 'base'

    def _write_multi(self, vals_list):
        watch = watch_of(self)
        if watch and watch.inverses:
            self.env['sync.capture']._children_moving(self, vals_list, watch)
        result = super()._write_multi(vals_list)
        if watch:
            self.env['sync.capture']._columns_written(self, vals_list, watch)
        return result

    def _create(self, data_list):
        records = super()._create(data_list)
        watch = watch_of(self)
        if watch:
            self.env['sync.capture']._created(records, watch)
        return records

    def modified(self, fnames, create=False, before=False):
        watch = None if create or before else watch_of(self)
        if watch and watch.relations:
            self.env['sync.capture']._relations_written(self, fnames, watch)
        return super().modified(fnames, create=create, before=before)

    def unlink(self):
        watch = watch_of(self)
        if not watch:
            return super().unlink()
        ids, parents = self.ids, self.env['sync.capture']._far_roots(self, watch)
        result = super().unlink()
        self.env['sync.capture']._unlinked(self._name, ids, parents)
        return result
