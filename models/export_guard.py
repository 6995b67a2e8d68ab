"""What is exported of our logs starts no formula in a spreadsheet.

A log holds what strangers wrote: types of events, labels, the words of refusals. A cell that
begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break may be worked out by the program it is
opened with. Odoo puts an apostrophe before some of these in CSV, and writes a text that begins with
``=`` into XLSX as a formula; here every one of them gets the apostrophe, in both.

Weakness: headings of grouped XLSX exports are written by Odoo without asking the model, and
business records (a partner's name) are exported as Odoo exports them.
"""

from __future__ import annotations

from odoo import models

STARTS_A_FORMULA = ('=', '+', '-', '@', '\t', '\r', '\n')


def as_text(value):
    """``value``, with an apostrophe before a text that might be taken for a formula."""
    starts = isinstance(value, str) and value.startswith(STARTS_A_FORMULA)
    return f"'{value}" if starts else value


class ExportGuard(models.AbstractModel):
    _name = 'sync.export.guard'
    _description = 'Export without formulas'

    def export_data(self, fields_to_export):
        exported = super().export_data(fields_to_export)
        exported['datas'] = [[as_text(cell) for cell in row] for row in exported['datas']]
        return exported


class SyncEvent(models.Model):
    _name = 'sync.event'
    _inherit = ['sync.event', 'sync.export.guard']


class SyncOutbox(models.Model):
    _name = 'sync.outbox'
    _inherit = ['sync.outbox', 'sync.export.guard']


class SyncLane(models.Model):
    _name = 'sync.lane'
    _inherit = ['sync.lane', 'sync.export.guard']


class SyncAttempt(models.Model):
    _name = 'sync.attempt'
    _inherit = ['sync.attempt', 'sync.export.guard']


class SyncLink(models.Model):
    _name = 'sync.link'
    _inherit = ['sync.link', 'sync.export.guard']


class SyncRemoteField(models.Model):
    _name = 'sync.remote.field'
    _inherit = ['sync.remote.field', 'sync.export.guard']
