"""Install, upgrade, uninstall: on a database without demo data and on one with it."""

import pytest
from footprint import Footprint
from usage import CONNECT, LEAVE_TRACES, WORK, account_of

from tests.odoo_database import complaints

BOTH = pytest.mark.parametrize("which", ["installed", "installed_with_demo"])
#: Tables an uninstall may leave fuller or emptier than the installation found them, and why.
_OTHERS = {
    # The business records stay, and what Odoo itself hangs on them.
    "res_partner", "res_partner_res_partner_category_rel", "mail_message of res.partner",
    "mail_message of crm.lead", "mail_followers of res.partner", "mail_followers of crm.lead",
    "crm_lead", "mail_tracking_value", "ir_attachment of res.partner",
    # Odoo's list of what could be installed.
    "ir_module_module", "ir_module_module_dependency", "ir_module_category", "ir_model_data",
    # Odoo's own log, caches and scheduled work.
    "ir_logging", "ir_cron_progress", "ir_cron_trigger", "bus_bus", "mail_presence",
    "orm_signaling_registry", "ir_attachment of ", "ir_attachment of ir.ui.view", "ir_profile",
    # Sums of the rows that are counted by model.
    "mail_message", "mail_followers", "ir_attachment", "mail_activity",
}  # fmt: skip
#: Odoo's entry for an add-on that it finds on the disk, installed or not.
_LISTED = {"base.module_saas_sync", "base.module_category_productivity_saas_sync", "SaaS Sync"}
STATE = "SELECT state FROM ir_module_module WHERE name = 'saas_sync'"


@BOTH
def test_installing_succeeds_without_a_complaint(request, which):
    installed = request.getfixturevalue(which)
    assert complaints(installed.log) == []
    assert installed.database.value(STATE) == "installed"


@BOTH
def test_installing_takes_nothing_away_and_alters_no_table_of_others(request, which):
    installed = request.getfixturevalue(which)
    after = Footprint.of(installed.database)
    assert after.lost(installed.before) == {}
    columns = after.left_behind(installed.before)["column"]
    ours = ("sync_", "res_config_settings.saas_sync_")  # the latter is a table of no lasting rows
    assert [name for name in columns if not name.startswith(ours)] == []


@BOTH
def test_used_upgraded_and_uninstalled_it_leaves_nothing_behind(request, which, keep, sandbox):
    installed = request.getfixturevalue(which)
    database = keep(installed.database.name)
    use(database, sandbox)
    assert complaints(database.upgrade()) == []
    partners = database.value("SELECT count(*) FROM res_partner")

    log = database.uninstall()

    assert complaints(log) == []
    assert database.value(STATE) == "uninstalled"
    after = Footprint.of(database)
    left = after.left_behind(installed.before)
    assert {kind: found for kind, names in left.items() if (found := set(names) - _LISTED)} == {}
    assert after.lost(installed.before) == {}
    changed = after.changed_counts(installed.before)
    assert {name: counts for name, counts in changed.items() if name not in _OTHERS} == {}
    assert database.value("SELECT count(*) FROM res_partner") == partners, "business records stay"


def use(database, sandbox):
    """Synchronise a few records both ways, fail with one, and write on the margins."""
    for number in range(3):
        sandbox.change("contacts", {"properties": {"firstname": "Ann", "lastname": f"Nr {number}"}})
    sandbox.change("contacts", {"properties": {"firstname": "Bad", "country": "Atlantis"}})
    database.run(CONNECT + SYNCHRONISE + WORK + LEAVE_TRACES, **account_of(sandbox))
    assert database.value("SELECT count(*) FROM sync_link") >= 5
    assert database.value("SELECT count(*) FROM sync_lane WHERE state = 'failed'") == 1


SYNCHRONISE = """
connection.action_import()
env['res.partner'].create({'name': 'Zoë Peeters', 'email': 'zoe@example.com'})
env['crm.lead'].create({'name': 'A deal', 'type': 'opportunity'})
"""
