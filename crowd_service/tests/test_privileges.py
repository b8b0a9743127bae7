"""Who may do what, compared with two tables beside this file.

``privileges.csv``: a line per model, a column per person, letters of what that person
may do with a record of company A: create, read, update, delete. Records of a wizard
are the person's own.

``privileges_methods.csv``: a line per public method, with the least person who may call
it: whoever stands left of him in the table of people may not. ``anybody`` marks methods
that show or change nothing, ``internal`` those that no RPC call can use.

A new model or method without a line fails.
"""

import inspect

from psycopg2 import IntegrityError

from odoo import models
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mail.models.mail_thread import MailThread

from .privileges_case import LEVELS, PEOPLE, PrivilegesCase, read_table

ADDON = "odoo.addons.crowd_service."
LETTERS = ("create", "read", "update", "delete")


@tagged("post_install", "-at_install")
class TestPrivileges(PrivilegesCase):
    def test_no_model_is_forgotten(self):
        rows = [row["model"] for row in read_table("privileges.csv")]
        self.assertEqual(sorted(rows), sorted(set(rows)), "a line is there twice")
        self.assertFalse(set(self._own_models()) - set(rows), "models without a line")

    def test_table(self):
        wrong = []
        for row in read_table("privileges.csv"):
            for person in PEOPLE:
                may = self._may(row["model"], self.people[person])
                if may != row[person].replace("-", ""):
                    wrong.append(
                        "%s, %s: %s in the table, %s in the database"
                        % (row["model"], person, row[person], may or "-")
                    )
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def _may(self, name, user):
        """Return the letters of what ``user`` may do with a record of the model."""
        model = self.env[name].with_user(user)
        return "".join(
            letter[0] for letter in LETTERS if self._try(letter, model, user)
        )

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.models.unlink", "odoo.sql_db")
    def _try(self, letter, model, user):
        outcome = self._undone(getattr(self, "_try_" + letter), model)
        if isinstance(outcome, IntegrityError):
            return True  # the right was there, something else holds the record
        if isinstance(outcome, Exception) and not isinstance(outcome, UserError):
            raise outcome
        return not isinstance(outcome, UserError)

    def _subject(self, model):
        """Return the record to try on, as the model's user; a wizard's own."""
        if model._transient:
            return self._try_create(model)
        record = self.records[model._name]
        self.assertEqual(len(record), 1, model._name)
        return record.with_env(model.env)

    def _try_read(self, model):
        record = self._subject(model)
        self.env.cache.invalidate()
        found = model.with_context(active_test=False).search([("id", "=", record.id)])
        try:
            record.read(["create_date" if model._log_access else "day"])
        except AccessError:
            self.assertFalse(found, "found, but not readable")
            raise
        self.assertEqual(found, record, "readable, but not found")

    def _try_update(self, model):
        self._subject(model).write({})

    def _try_delete(self, model):
        self._subject(model).unlink()

    def test_wizards_are_private(self):
        names = [n for n in self._own_models() if self.env[n]._transient]
        for name in names:
            owner = self._wizard_owner(name)
            wizard = self._try_create(self.env[name].with_user(self.people[owner]))
            for person in set(PEOPLE) - {owner}:
                model = self.env[name].with_user(self.people[person])
                if model.check_access_rights("read", raise_exception=False):
                    self.assertFalse(model.search([("id", "=", wizard.id)]), name)


@tagged("post_install", "-at_install")
class TestMethodPrivileges(PrivilegesCase):
    def _methods(self):
        """Return ``{(model, public method)}`` that this addon defines."""
        found = set()
        for name, model in self.env.registry.items():
            for cls in inspect.getmro(model):
                if cls.__module__.startswith(ADDON):
                    found |= {(name, method) for method in self._public(cls)}
        return found

    def _public(self, cls):
        return [
            name
            for name, value in vars(cls).items()
            if callable(value)
            and not name.startswith("_")
            and not hasattr(models.BaseModel, name)
            and not hasattr(MailThread, name)  # open to everybody before us
        ]

    def test_no_method_is_forgotten(self):
        rows = [(r["model"], r["method"]) for r in read_table("privileges_methods.csv")]
        self.assertEqual(sorted(rows), sorted(set(rows)), "a line is there twice")
        self.assertEqual(set(rows) ^ self._methods(), set(), "lines and methods differ")

    def test_levels(self):
        levels = {row["least"] for row in read_table("privileges_methods.csv")}
        self.assertFalse(levels - set(LEVELS) - {"anybody", "internal"})

    def test_who_may_not(self):
        """Everybody below the least person, and the desk of B, is refused."""
        wrong = []
        for row in read_table("privileges_methods.csv"):
            for person in self._forbidden(row["least"]):
                outcome = self._call(row["model"], row["method"], self.people[person])
                allowed = row["least"] == "internal" and isinstance(outcome, Exception)
                if not (allowed or isinstance(outcome, AccessError)):
                    wrong.append(
                        "%s.%s, %s: %r" % (row["model"], row["method"], person, outcome)
                    )
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def _forbidden(self, least):
        if least == "anybody":
            return ()
        if least == "internal":
            return PEOPLE
        return LEVELS[: LEVELS.index(least)] + ("agent_b",)

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.sql_db")
    def _call(self, name, method, user):
        model = self.env[name]
        record = self.records.get(name, model)
        if model._transient:
            record = self._create_wizard(name)
        record = record.with_user(user)
        record.flush()
        self.env.cache.invalidate()
        return self._undone(
            lambda: getattr(record, method)(*self._arguments(record, method))
        )

    def _create_wizard(self, name):
        """Return a wizard of somebody who may have one."""
        prepare = getattr(self, "_values_" + name.replace(".", "_"))
        model = self.env[name].with_user(self.people[self._wizard_owner(name)])
        return model.create(prepare(model))

    def _arguments(self, record, method):
        """Return what a client could send for the parameters that are required."""
        parameters = inspect.signature(getattr(record, method)).parameters.values()
        return [
            {"reason": "manual"}.get(parameter.name, 1)
            for parameter in parameters
            if parameter.default is parameter.empty
            and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        ]
