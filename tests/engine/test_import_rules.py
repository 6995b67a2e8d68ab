"""Dependencies point one way: add-on → engine; nothing of it knows the tools around it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
ADDON = ('models', 'controllers', 'wizards', 'report')
TOOLS = {'sandbox', 'bench', 'devkit', 'tests'}


def files(*folders):
    return sorted(path for folder in folders for path in (CHECKOUT / folder).rglob('*.py'))


def imported(path, root=CHECKOUT):
    """Absolute dotted names of everything ``path`` imports; the checkout's own as ``engine.…``."""
    package = path.relative_to(root).with_suffix('').parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = '.'.join([*base, *([node.module] if node.module else [])])
            yield from (f'{module}.{alias.name}'.lstrip('.') for alias in node.names)
        elif isinstance(node, ast.Call) and _is_dynamic(node):
            yield f'<dynamic>{ast.unparse(node.args[0]) if node.args else ""}'


def _is_dynamic(call):
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, 'id', '')
    return name in ('import_module', '__import__')


def own(name):
    """A dotted name without the prefix under which Odoo sees the add-on."""
    return name.removeprefix('odoo.addons.saas_sync.')


def offences(paths, forbidden, root=CHECKOUT):
    return [
        f'{path.relative_to(root)} imports {name}'
        for path in paths
        for name in imported(path, root)
        if forbidden(path, name)
    ]


def of_odoo(path, name):
    return name.split('.')[0] in ('odoo', 'openerp') or name.startswith('<dynamic>')


def of_tools(path, name):
    return own(name).split('.')[0] in TOOLS


def of_another_connector(path, name):
    """A provider's modules begin with its name: ``hubspot.py``, ``hubspot_paths.py``."""
    parts = own(name).split('.')
    if parts[:2] != ['engine', 'connectors'] or len(parts) < 3 or parts[2] == 'base':
        return False
    return parts[2].split('_')[0] != path.stem.split('_')[0]


def test_the_engine_never_imports_odoo_nor_anything_by_a_computed_name():
    assert offences(files('engine'), of_odoo) == []


def test_the_engine_imports_nothing_of_the_add_on_but_itself():
    own_parts = {*ADDON, *TOOLS}
    assert offences(files('engine'), lambda path, name: name.split('.')[0] in own_parts) == []


def test_no_connector_imports_another():
    connectors = [path for path in files('engine/connectors') if path.stem != '__init__']
    assert offences(connectors, of_another_connector) == []


def test_only_the_connectors_import_connectors():
    inner = [path for path in files('engine') if path.parent.name != 'connectors']
    assert offences(inner, lambda path, name: 'connectors' in name.split('.')) == []


def test_the_add_on_never_imports_the_tools_around_it():
    addon = [*files('engine', *ADDON), *sorted(CHECKOUT.glob('*.py'))]
    assert offences(addon, of_tools) == []


@pytest.mark.parametrize('layer', ['controllers', 'wizards'])
def test_models_know_nothing_of_what_sits_above_them(layer):
    assert offences(files('models'), lambda path, name: own(name).split('.')[0] == layer) == []


@pytest.mark.parametrize(
    ('where', 'line', 'rule'),
    [
        ('engine/x.py', 'import odoo.tools', of_odoo),
        ('engine/x.py', 'from odoo import api', of_odoo),
        ('engine/x.py', 'def f():\n    from odoo import api', of_odoo),
        ('engine/x.py', '__import__("odoo")', of_odoo),
        ('engine/x.py', 'importlib.import_module(name)', of_odoo),
        ('models/x.py', 'from ..sandbox import core', of_tools),
        ('models/x.py', 'from .. import devkit', of_tools),
        ('models/x.py', 'from odoo.addons.saas_sync.bench import run', of_tools),
        ('engine/connectors/other.py', 'from .hubspot_paths import Paths', of_another_connector),
        ('engine/connectors/other.py', 'from . import hubspot', of_another_connector),
        ('engine/connectors/other.py', 'import engine.connectors.hubspot', of_another_connector),
    ],
)
def test_the_rules_would_notice(tmp_path, where, line, rule):
    path = tmp_path / where
    path.parent.mkdir(parents=True)
    path.write_text(line, encoding='utf-8')
    assert offences([path], rule, tmp_path)


def test_what_is_allowed_is_not_noticed(tmp_path):
    path = tmp_path / 'engine/connectors/hubspot.py'
    path.parent.mkdir(parents=True)
    path.write_text('from .base import Connector\nfrom .hubspot_paths import Paths\nimport json')
    for rule in (of_odoo, of_tools, of_another_connector):
        assert offences([path], rule, tmp_path) == []
