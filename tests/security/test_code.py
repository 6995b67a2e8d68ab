"""What no test of behaviour can show: read from the add-on's own code, every file of it."""

import ast
from pathlib import Path

from odoo.tests import BaseCase, tagged

ROOT = Path(__file__).resolve().parents[2]
PARTS = ('engine', 'models', 'controllers', 'wizards')
#: One place looks up addresses and connects, one speaks HTTP.
SPEAKERS = {
    'socket': {'engine/addresses.py', 'engine/transport.py'},
    'ssl': {'engine/transport.py'},
    'requests': {'engine/http.py', 'engine/transport.py', 'engine/http_outcomes.py'},
    'urllib3': {'engine/transport.py', 'engine/http_outcomes.py'},
    'http.client': {'engine/transport.py'},
    'urllib.request': set(), 'smtplib': set(), 'ftplib': set(), 'aiohttp': set(), 'httpx': set(),
}
#: A parser is what a bomb needs. One place reads XML, with every door shut; see `test_xml`.
XML_READERS = {'engine/connectors/salesforce_soap.py'}
PARSERS = {'xml', 'lxml', 'defusedxml', 'xmltodict', 'html5lib', 'yaml', 'zipfile.ZipFile'}
RUNNING = {'eval', 'exec', 'compile', 'safe_eval', '__import__'}
LOADERS = {'pickle', 'marshal', 'shelve', 'subprocess', 'code', 'jinja2'}


def sources():
    for part in PARTS:
        for path in sorted((ROOT / part).rglob('*.py')):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding='utf-8'))


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module
            yield from (f'{node.module}.{name.name}' for name in node.names)


@tagged('post_install', '-at_install')
class TestCode(BaseCase):
    def test_there_is_one_way_out(self):
        for path, tree in sources():
            names = set(imported(tree))
            for module, allowed in SPEAKERS.items():
                uses = any(name == module or name.startswith(module + '.') for name in names)
                with self.subTest(path, module=module):
                    self.assertTrue(not uses or path in allowed)

    def test_one_place_parses_xml(self):
        for path, tree in sources():
            roots = {name.split('.')[0] for name in imported(tree)}
            with self.subTest(path):
                self.assertTrue(path in XML_READERS or not roots & PARSERS)

    def test_nothing_runs_or_unpickles_text(self):
        for path, tree in sources():
            names = {node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                     for node in ast.walk(tree) if isinstance(node, ast.Call)
                     and isinstance(node.func, (ast.Attribute, ast.Name))}
            plain = {node.func.id for node in ast.walk(tree)
                     if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
            with self.subTest(path):
                self.assertFalse(plain & RUNNING)
                self.assertNotIn('safe_eval', names)
                self.assertFalse({name.split('.')[0] for name in imported(tree)} & LOADERS)

    def test_signatures_are_compared_in_constant_time_and_nowhere_else(self):
        """Every `==` of the verifier, by name: none of them has a digest on either side."""
        text = (ROOT / 'engine/signature.py').read_text(encoding='utf-8')
        tree = ast.parse(text)
        compared = sorted(
            ast.get_source_segment(text, node) for node in ast.walk(tree)
            if isinstance(node, ast.Compare)
            and any(isinstance(one, (ast.Eq, ast.NotEq, ast.In, ast.NotIn)) for one in node.ops))
        self.assertEqual(compared, [
            "'.' not in identifier",
            "headers.get('x-hubspot-signature-version', 'v1') == 'v1'",
        ])
        digests = [node for node in ast.walk(tree) if isinstance(node, ast.Call)
                   and ast.unparse(node.func) == 'hmac.compare_digest']
        self.assertEqual(len(digests), 1)
        # The loop around it has no way out before its end.
        [function] = [node for node in tree.body if isinstance(node, ast.FunctionDef)
                      and node.name == '_any_equal']
        self.assertFalse([node for node in ast.walk(function)
                          if isinstance(node, (ast.Break, ast.If, ast.Continue))])
        self.assertIsInstance(function.body[-1], ast.Return)

    def test_the_verifier_gets_bytes_and_never_what_was_parsed(self):
        """In the controller the body is verified before it is parsed; `body` is bytes alone."""
        text = (ROOT / 'controllers/webhook.py').read_text(encoding='utf-8')
        self.assertLess(text.index('verify(receiver, delivery)'), text.index('_receive(receiver'))
        for word in ('get_json', 'jsonrequest', '.json()', 'json.loads', 'as_text'):
            self.assertNotIn(word, text)
