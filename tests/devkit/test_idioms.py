"""The gate catches what Odoo 19 removed and lets its successors through."""

import pytest

from devkit.idioms import findings, scan

REMOVED = [
    ("a.py", "    _sql_constraints = []"),
    ("a.py", "    @http.route('/x', type='json', auth='user')"),
    ("a.py", "from odoo.osv import expression"),
    ("a.py", "    rows = self.read_group([], ['a'], ['b'])"),
    ("a.py", "    self._cr.execute(query)"),
    ("a.py", "    uid = request.uid"),
    ("a.py", "    self.check_access_rights('read')"),
    ("a.py", "    amount = fields.Float(group_operator='sum')"),
    ("a.xml", '<field name="groups_id" eval="[]"/>'),
    ("a.xml", '<tree string="Events">'),
    ("a.xml", '<field name="view_mode">tree,form</field>'),
    ("a.xml", """<field name="a" attrs="{'invisible': True}"/>"""),
    ("a.xml", '<t t-name="kanban-box">'),
    ("a.xml", '<group expand="0" string="Group by">'),
]
PRESENT = [
    ("a.py", "    _name_uniq = models.Constraint('unique (name)', 'Once.')"),
    ("a.py", "    @http.route('/x', type='jsonrpc', auth='user')"),
    ("a.py", "    rows = self._read_group([], ['b'], ['a:sum'])"),
    ("a.py", "    rows = self.formatted_read_group([], ['b'], ['a:sum'])"),
    ("a.py", "    self.env.cr.execute(query)"),
    ("a.xml", '<field name="group_ids" eval="[]"/>'),
    ("a.xml", '<list string="Events">'),
    ("a.xml", '<field name="view_mode">list,form</field>'),
    ("a.xml", """<field name="a" invisible="state != 'failed'"/>"""),
    ("a.xml", '<field name="street"/>'),
]


@pytest.mark.parametrize(("name", "line"), REMOVED)
def test_a_removed_idiom_is_found_with_its_successor(tmp_path, name, line):
    (tmp_path / name).write_text(f"\n{line}\n")
    [finding] = scan(tmp_path / name, tmp_path)
    assert str(finding).startswith(f"{name}:2: ")
    assert finding.idiom.instead in str(finding)


@pytest.mark.parametrize(("name", "line"), PRESENT)
def test_a_present_idiom_passes(tmp_path, name, line):
    (tmp_path / name).write_text(f"{line}\n")
    assert list(scan(tmp_path / name, tmp_path)) == []


def test_the_addon_and_its_odoo_tests_are_searched_and_the_tooling_is_not(layout):
    bad = "self._cr.execute('')\n"
    for folder in ("models", "tests/odoo", "tests/devkit", "devkit", ".dev/odoo"):
        place = layout.checkout / folder
        place.mkdir(parents=True, exist_ok=True)
        (place / "bad.py").write_text(bad)
    found = {str(finding.path.parent) for finding in findings(layout)}
    assert found == {"models", "tests/odoo"}
