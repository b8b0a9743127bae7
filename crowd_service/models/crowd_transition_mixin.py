from odoo import _, models
from odoo.exceptions import AccessError

from ..exceptions import IllegalTransition


def state_selection(table, **labels):
    """Return the selection of a state field, in the order of its ``table``.

    :raise KeyError: when a state of the table has no label
    """
    return [(state, labels[state]) for state in table.states]


class CrowdTransitionMixin(models.AbstractModel):
    """A record whose ``state`` moves along a transition table only."""

    _name = "crowd.transition.mixin"
    _description = "State along a transition table"
    _transitions = None

    def _expand_states(self, states, domain, order=None):
        return list(self._transitions.states)

    def _state_label(self, state):
        return dict(self._fields["state"]._description_selection(self.env))[state]

    def _check_move(self, target):
        """Raise :class:`IllegalTransition` unless every record may go there."""
        for record in self:
            if not self._transitions.allows(record.state, target):
                raise IllegalTransition(
                    _("%(name)s is “%(source)s” and cannot become “%(target)s”.")
                    % {
                        "name": record.display_name,
                        "source": self._state_label(record.state),
                        "target": self._state_label(target),
                    }
                )

    def _move(self, target, **values):
        """Move all records to ``target``, writing ``values`` with it.

        The caller has made sure that the user may: this runs as superuser, because
        nobody has the right to write a state.
        """
        self._check_move(target)
        for source in {record.state for record in self}:
            records = self.sudo().filtered(lambda r, s=source: r.state == s)
            records.write(dict(values, state=target))
            records._after_move(source, target)
        return True

    def _move_as_user(self, target, **values):
        """Move all records to ``target`` if the user may write them."""
        self.check_access_rights("write")
        self.check_access_rule("write")
        return self._move(target, **values)

    def _after_move(self, source, target):
        """Hook: ``self`` (as superuser) went from ``source`` to ``target``."""

    def write(self, vals):
        if "state" in vals and not self.env.su:
            raise AccessError(
                _("A state is changed by its buttons, not by writing the field.")
            )
        return super().write(vals)
