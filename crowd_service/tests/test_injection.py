"""T48: whatever comes from outside is a value, never a piece of SQL."""

import ast
import time
from pathlib import Path

from psycopg2 import DataError, Error

from odoo import api
from odoo.tests import tagged
from odoo.tools import mute_logger

from .matcher_common import MatcherCase

ADDON = Path(__file__).resolve().parent.parent
MODELS = (
    "crowd.candidate",
    "crowd.response",
    "crowd.preference",
    "crowd.experience",
    "crowd.absence",
    "crowd.scoring",
    "fsm.person",
)
EVIL = (
    "1; SELECT pg_sleep(3)",
    "(SELECT pg_sleep(3))",
    "1; DROP TABLE crowd_response; --",
    "1 OR 1=1",
    "1 UNION SELECT login, password FROM res_users",
    "(CASE WHEN (SELECT count(*) FROM res_users) > 0 THEN id ELSE 1/0 END)",
    "CAST((SELECT password FROM res_users LIMIT 1) AS int)",
    "pg_read_file('/etc/passwd')",
    "version()",
    "$$; SELECT pg_sleep(3); $$",
    "%s",
    "%(ids)s",
    "{0.__class__}",
    "\\'; SELECT pg_sleep(3); --",
    "/**/UNION/**/SELECT/**/NULL",
    "1); DELETE FROM crowd_scoring; --",
    "id desc, (SELECT pg_sleep(3)) desc",
    "xmlparse(document '<a>')",
    "COPY crowd_scoring TO PROGRAM 'id'",
    "'||(SELECT current_user)||'",
)
WRAPPED = ("%s", "id, %s", "'%s", '"%s"', "id %s")
PAYLOADS = [wrapped.replace("%s", evil) for evil in EVIL for wrapped in WRAPPED]
SECONDS = 2.5  # a sleep of the database would take three
REFUSED = (Exception,)  # any, unless the database did not understand the statement


@tagged("post_install", "-at_install")
class TestInjection(MatcherCase):
    """A hundred pieces of SQL, everywhere a client may send a text."""

    def setUp(self):
        super().setUp()
        worker = self._create_worker("Target")
        self.env["crowd.preference"].create(
            {
                "partner_id": self.customer.id,
                "worker_id": worker.id,
                "company_id": self.company_a.id,
            }
        )
        self.assertEqual(len(set(PAYLOADS)), 100)

    def _call(self, model, method, *args, **kwargs):
        """Call as the server does for an agent; return None when it is refused.

        :raise Error: when the database took a text for SQL
        """
        records = self.env[model].with_user(self.agent)
        begin = time.monotonic()
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                return api.call_kw(records, method, list(args), kwargs)
        except Error as error:
            self.assertIsInstance(error, DataError, (model, method, args, kwargs))
        except REFUSED:
            return None
        finally:
            self.assertLess(time.monotonic() - begin, SECONDS, (method, args, kwargs))

    def _columns(self):
        tables = [model.replace(".", "_") for model in MODELS]
        self.env.cr.execute(
            "SELECT count(*) FROM information_schema.columns"
            " WHERE table_name = ANY(%s)",
            (tables,),
        )
        return self.env.cr.fetchone()

    def test_lists_groups_and_domains(self):
        columns = self._columns()
        for model in MODELS:
            name = self.env[model]._rec_name or "name"
            for payload in PAYLOADS:
                self._try(model, name, payload)
        self.assertEqual(self._columns(), columns)
        self.assertTrue(self.env["crowd.preference"].search([]))

    def _try(self, model, name, payload):
        self._call(model, "search_read", [], ["id"], order=payload)
        self._call(model, "search", [(payload, "=", 1)])
        self._call(model, "search", [("id", payload, 1)])
        self._call(model, "search", [(name, "ilike", payload)])
        self._call(model, "name_search", payload)
        self._call(model, "read_group", [], ["id:" + payload], ["company_id"])
        self._call(model, "read_group", [], ["id"], [payload])
        self._call(model, "read_group", [], ["id"], ["company_id"], orderby=payload)
        self._call(model, "search", [], limit=payload)

    def test_match(self):
        """The limit of the match, and its other arguments."""
        ticket = self.ticket.with_user(self.agent)
        for payload in PAYLOADS:
            for method in ("crowd_match", "crowd_dispatch"):
                self._call("helpdesk.ticket", method, ticket.ids, payload)

    def test_texts_are_searched_for_as_they_are(self):
        """Words of tickets become a full text query."""
        operators = ["a & | !", "foo:*", "<->", "'", "\\", "((", "\x01", "a:b", "🦊"]
        for payload in PAYLOADS + operators:
            self.ticket.write({"name": payload, "crowd_summary": payload})
            begin = time.monotonic()
            with self.env.cr.savepoint():
                self.matcher._match(self.ticket)
                self.env["crowd.experience"]._find_similar(self.ticket)
            self.assertLess(time.monotonic() - begin, SECONDS, payload)

    def test_names_of_skills_and_codes_of_languages(self):
        worker = self._create_worker("Speaker")
        language = self.env["res.lang"].create(
            {"name": "Evil", "code": "xx'); DROP", "iso_code": "x'"}
        )
        worker.crowd_language_ids = language
        self.ticket.crowd_language_id = language
        self.customer.lang = "en_US"
        for payload in EVIL:
            self.skill_wlan.name = payload
            self.assertIn(worker.id, self._ranked())
            self.env["crowd.matcher"]._why_not(self.ticket, worker)


def _is_constant_name(name):
    return name.isupper() or (name.startswith("_") and name[1:].isupper())


#: Statements that are not written where they are executed: (file, expression) -> why
#: that is all right. What they are made of is checked by ``test_composers``.
ALLOWED = {
    ("models/crowd_matcher_facts.py", "query"): "one of two constants",
    ("models/crowd_matcher_search.py", "field.rarest"): "one of two constants",
    ("models/crowd_matcher_search.py", "statement"): "composed of constants",
    ("models/crowd_matcher_near.py", "_statement"): "composed of constants",
    ("models/crowd_kpi_figures.py", "compose"): "composed of constants",
}
#: Functions that compose statements by ``format``, of constants and of these names.
COMPOSERS = {
    "models/crowd_kpi_sql.py": {"sql"},  # nothing but sql.SQL and sql.Identifier
    "models/crowd_matcher_sql.py": {
        "template",
        "floor",  # a template as well
        "has_others",
        "has_territory",
        "has_kinds",
        "has_preferred",
        "statement_of",
        "_with_room",
    },
    "models/crowd_matcher_near.py": {
        "kind",
        "misses",
        "others",
        "territory",
        "unfit",
        "within",
    },
}


@tagged("post_install", "-at_install")
class TestStatements(MatcherCase):
    """No statement is glued together from anything but constants."""

    def _trees(self):
        for path in sorted(ADDON.rglob("*.py")):
            name = path.relative_to(ADDON).as_posix()
            if not name.startswith("tests/"):
                yield name, ast.parse(path.read_text(), name)

    def test_execute(self):
        seen, bad = set(), []
        for name, tree in self._trees():
            for function in ast.walk(tree):
                if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    check = _Statements(name, tree, function)
                    bad += check.find()
                    seen |= check.allowed
        self.assertEqual(bad, [])
        self.assertLessEqual(seen, set(ALLOWED))

    def test_composers(self):
        for name, tree in self._trees():
            names = COMPOSERS.get(name)
            for call in ast.walk(tree) if names else ():
                if isinstance(call, ast.Call) and _attribute(call) == "format":
                    if _is_sql(call.func.value):
                        continue
                    used = {
                        node.id
                        for value in call.args + [k.value for k in call.keywords]
                        for node in ast.walk(value)
                        if isinstance(node, ast.Name)
                    }
                    odd = {n for n in used if not _is_constant_name(n)} - names
                    self.assertFalse(odd, "%s:%d" % (name, call.lineno))

    def test_the_check_finds_what_it_is_for(self):
        for line in (
            'self.env.cr.execute("SELECT %s" % name)',
            'self.env.cr.execute(f"SELECT {name}")',
            'self.env.cr.execute("SELECT {}".format(name))',
            'self.env.cr.execute("SELECT " + name)',
            "query = BASE + name; cr.execute(query)",
            "cr.execute(name)",
        ):
            tree = ast.parse("def f(self, cr, name):\n    " + line)
            self.assertTrue(_Statements("x.py", tree, tree.body[0]).find(), line)
        for line in (
            'cr.execute("SELECT 1")',
            "cr.execute(QUERY, (name,))",
            'query = sql.SQL("SELECT {}").format(name); cr.execute(query)',
        ):
            tree = ast.parse("def f(self, cr, name):\n    " + line)
            self.assertFalse(_Statements("x.py", tree, tree.body[0]).find(), line)


def _attribute(call):
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _is_sql(node):
    """Tell whether it is a call of ``sql.SQL``, whose format takes no plain text."""
    return isinstance(node, ast.Call) and _attribute(node) == "SQL"


class _Statements:
    """What one function gives to ``execute``."""

    def __init__(self, name, tree, function):
        self.name, self.tree, self.function = name, tree, function
        self.allowed = set()

    def find(self):
        """Return ``["file:line: statement"]`` of what is not constant."""
        return [
            "%s:%d: %s" % (self.name, call.lineno, ast.unparse(call.args[0]))
            for call in ast.walk(self.function)
            if isinstance(call, ast.Call)
            and _attribute(call) == "execute"
            and call.args
            and not self._is_safe(call.args[0], call.lineno)
        ]

    def _is_safe(self, node, line):
        if isinstance(node, ast.Constant):
            return True
        if isinstance(node, ast.Starred):
            return self._is_safe(node.value, line)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._is_safe(node.left, line) and self._is_safe(node.right, line)
        if isinstance(node, ast.IfExp):
            return self._is_safe(node.body, line) and self._is_safe(node.orelse, line)
        if isinstance(node, ast.Subscript):
            return isinstance(node.value, ast.Name) and self._is_safe(node.value, line)
        if isinstance(node, ast.Call):
            return self._is_safe_call(node, line)
        if isinstance(node, ast.Name):
            return _is_constant_name(node.id) or self._is_safe_name(node.id, line)
        return False

    def _is_safe_call(self, node, line):
        if _attribute(node) == "SQL":
            return all(self._is_safe(arg, line) for arg in node.args)
        if _attribute(node) == "format":
            base = node.func.value
            if isinstance(base, ast.Call):
                return _is_sql(base) and self._is_safe(base, line)
            return False
        return self._is_allowed(ast.unparse(node.func))

    def _is_safe_name(self, name, line):
        values = list(self._assigned(name))
        if values:
            return all(self._is_safe(value, line) for value in values)
        return self._is_allowed(name)

    def _assigned(self, name):
        """Yield all that a local name can be."""
        for node in ast.walk(self.function):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name) and target.id == name:
                        yield node.value
            elif isinstance(node, (ast.For, ast.comprehension)):
                is_it = isinstance(node.target, ast.Name) and node.target.id == name
                if is_it and isinstance(node.iter, (ast.Tuple, ast.List)):
                    yield from node.iter.elts
                elif is_it:
                    yield node.iter

    def _is_allowed(self, expression):
        key = (self.name, expression)
        if key in ALLOWED:
            self.allowed.add(key)
        return key in ALLOWED
