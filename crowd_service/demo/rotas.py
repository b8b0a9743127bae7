"""Who is on call in the demo, from a week ago to two months ahead; what is at risk."""

from datetime import timedelta

from odoo import api, models

ROTAS = {
    "rota_alpen_nights": {
        "name": "Nights and weekends",
        "company": "company_alpenfunk",
        "people": ("user_technician", "user_technician2", "user_dispatcher"),
        "values": {"tz": "Europe/Zurich", "hour_from": 18, "hour_to": 8},
    },
    "rota_alpen_lead": {
        "name": "Duty manager",
        "company": "company_alpenfunk",
        "people": ("user_manager", "user_dispatcher"),
        "values": {"tz": "Europe/Zurich", "sequence": 20},
    },
    "rota_heide": {
        "name": "Bereitschaft",
        "company": "company_heidefunk",
        "people": ("user_technician_de", "user_dispatcher_de"),
        "values": {"tz": "Europe/Berlin", "turn": "day"},
    },
}


class CrowdDemo(models.AbstractModel):
    _inherit = "crowd.demo"

    @api.model
    def _load_rotas(self):
        """Create the rotas that are not there yet, and plan them."""
        known = self._find_known(self.env["crowd.rota"])
        for name in set(ROTAS) - set(known):
            self._create_rota(name, **ROTAS[name])

    @api.model
    def _load_risk(self):
        """Let the last ticket that waits for an answer have little time left."""
        waiting = self.env["crowd.dispatch"].search(
            [
                ("company_id", "=", self._ref("company_alpenfunk").id),
                ("state", "=", "offered"),
            ],
            order="id desc",
            limit=1,
        )
        soon = self.env["crowd.clock"].now() + timedelta(minutes=55)
        waiting.ticket_id.crowd_deadline = soon

    @api.model
    def _create_rota(self, reference, name, company, people, values):
        users = [self._ref(user) for user in people]
        rota = self.env["crowd.rota"].create(
            dict(
                values,
                name=name,
                company_id=self._ref(company).id,
                person_ids=[
                    (0, 0, {"user_id": user.id, "sequence": number})
                    for number, user in enumerate(users)
                ],
            )
        )
        self._remember({reference: rota})
        today = self.env["crowd.clock"].now().date()
        monday = today - timedelta(days=today.weekday() + 7)
        plan = {"rota_id": rota.id, "date_from": monday, "weeks": 9}
        plan["first_id"] = users[0].id
        self.env["crowd.rota.plan"].create(plan).action_plan()
