import logging

from odoo import _, models
from odoo.exceptions import UserError

from .crowd_offer import REASONS
from .crowd_offer_promise import LATE, ON_MY_WAY

_logger = logging.getLogger(__name__)
NOTE_LENGTH = 2000  # characters of a remark
WITH_REASON = ("decline", "back_out", "scope")
WITH_MINUTES = {"on_my_way": ON_MY_WAY, "late": LATE}
PUBLIC_ACTIONS = ("accept", "start", "done", "unsolved", *WITH_REASON, *WITH_MINUTES)


class CrowdOffer(models.Model):
    """Answers that come from pages: whatever a form can contain is dealt with here."""

    _inherit = "crowd.offer"

    def _crowd_public_act(self, action, channel, reason="", note="", minutes=""):
        """Do what the worker asked for on a page, and return the engine's answer.

        The caller has made sure that it is the worker: by his link or his login.

        :param action: one of PUBLIC_ACTIONS
        :param channel: "mail" or "portal"
        :param reason: what the form says, maybe no reason at all
        :param note: the worker's remark
        :param minutes: what the form says, of the actions of WITH_MINUTES
        """
        self.ensure_one()
        note = _clean(note)
        problem = self._form_problem(action, reason, note, minutes)
        if problem:
            return self._answer("refused", message=problem)
        try:
            return self._carry_out(action, channel, reason, note, minutes)
        except UserError as error:
            # what the desk has to repair is none of the worker's business
            _logger.warning("%s: %s failed: %s", self.name, action, error.args[0])
            return self._answer(
                "refused",
                message=_("This is not possible at the moment. Please call us."),
            )

    def _carry_out(self, action, channel, reason, note, minutes):
        if action == "accept":
            return self._accept(channel)
        if action == "decline":
            return self._decline(reason, note, channel)
        if action == "back_out":
            return self._give_back(reason, note, channel)
        if action == "scope":
            return self._raise_scope(reason, note, channel)
        if action == "on_my_way":
            return self._on_my_way(int(minutes), channel)
        if action == "late":
            return self._be_late(int(minutes), channel)
        if action == "start":
            return self._start(channel)
        return self._finish(action == "done", note, channel)

    def _form_problem(self, action, reason, note, minutes):
        """Return in a sentence what is wrong with the form, or ""."""
        if action in WITH_REASON and reason not in dict(self._reasons(action)):
            return _("Please choose a reason.")
        choices = [str(number) for number in WITH_MINUTES.get(action, ())]
        if choices and minutes not in choices:
            return _("Please choose a time.")
        if len(note) > NOTE_LENGTH:
            return _("Your remark is too long: %s characters at most.") % NOTE_LENGTH
        return ""

    def _reasons(self, action):
        """Return ``[(code, label)]`` of the reasons for ``action``, in this language."""
        labels = dict(self._fields["decline_reason"]._description_selection(self.env))
        return [(code, labels[code]) for code, _label in REASONS[action]]


def _clean(value):
    r"""Return the text in a form's ``value`` without what a database cannot keep.

    >>> _clean("a\x00b\r\nc "), _clean(object()), _clean(None)
    ('ab\nc', '', '')
    """
    text = value if isinstance(value, str) else ""
    text = text.replace("\x00", "").replace("\r\n", "\n")
    return text.encode(errors="replace").decode().strip()
