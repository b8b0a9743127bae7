"""What the tests of messages and pages share: an offer full of secrets."""

import email
import email.policy
import re

from .common import GROUP

LINK = re.compile(r"http[^\s\"<>]*(/crowd/offer/([\w-]+))")

#: Planted where externals must never look. Each occurs nowhere else.
SECRETS = {
    "title": "Canary-Title-7161",
    "description": "Canary-Description-7162",
    "name": "Canary Customer-7163",
    "phone": "+41 31 555 71 64",
    "mobile": "+41 79 555 71 65",
    "email": "canary-7166@example.com",
    "street": "Canarystreet 7167",
    "street2": "Canaryfloor 7168",
    "directions": "Canary-Directions-7169",
    "knowledge": "Canary-Knowledge-7170",
    "note": "Canary-Note-7171",
    "rival": "Canary Rival-7172",
    "rival_price": "7173.73",
}
#: What the worker learns with the job.
FOR_THE_HOLDER = ("name", "phone", "email", "street", "directions", "knowledge")


class DeliveryFactory:
    """Creates an offer, its rivals, and a ticket with secrets; mixed into tests."""

    @classmethod
    def _set_up_offers(cls):
        cls.company_a.write(
            {"email": "desk@company-a.example", "phone": "031 000 11 22"}
        )
        cls.customer = cls._create_customer()
        cls.location = cls._create_location(
            "House of secrets",
            owner=cls.customer,
            street=SECRETS["street"],
            zip="3011",
            city="Bern",
            direction=SECRETS["directions"],
        )
        cls.service.crowd_knowledge = "<p>%s</p>" % SECRETS["knowledge"]
        cls.anna = cls._create_worker("Anna Helper", km=3, tz="Europe/Zurich")
        cls.rival = cls._create_worker(SECRETS["rival"], km=8)
        cls.tech = cls._create_worker(
            "Tina Technician", worker_type="technician", groups=GROUP + "technician"
        )
        cls.ticket = cls._create_secret_ticket()

    @classmethod
    def _create_customer(cls):
        return cls.env["res.partner"].create(
            {
                "name": SECRETS["name"],
                "phone": SECRETS["phone"],
                "mobile": SECRETS["mobile"],
                "email": SECRETS["email"],
                "street": SECRETS["street"],
                "street2": SECRETS["street2"],
            }
        )

    @classmethod
    def _create_secret_ticket(cls, **values):
        ticket = cls._create_ticket(
            SECRETS["title"],
            description="<p>%s</p>" % SECRETS["description"],
            **values,
        )
        ticket.message_post(body=SECRETS["note"], subtype_xmlid="mail.mt_note")
        return ticket

    def _offer_to(self, *workers, ticket=None, minutes=30):
        """Return the open offers of one wave to ``workers``, in their order."""
        ticket = ticket or self.ticket
        ids = [worker.id for worker in workers]
        dispatch_id = ticket.with_user(self.agent).crowd_dispatch(ids, minutes)
        offers = self.env["crowd.dispatch"].browse(dispatch_id).offer_ids
        rivals = offers.filtered(lambda o: o.worker_id == self.rival)
        rivals.write({"price": float(SECRETS["rival_price"])})
        return [offers.filtered(lambda o, w=w: o.worker_id == w) for w in workers]

    def _deliveries(self, offer, purpose="offer"):
        domain = [("offer_id", "=", offer.id), ("purpose", "=", purpose)]
        return self.env["crowd.delivery"].search(domain)

    def _mint(self, offer):
        return self.env["crowd.token"]._mint("offer", offer)

    def assertNoSecrets(self, text, but=()):
        """Fail if one of SECRETS is in ``text``, except those named in ``but``."""
        found = [name for name, secret in SECRETS.items() if secret in str(text)]
        self.assertEqual(sorted(set(found) - set(but)), [])


def parse(envelope):
    """Return ``(message, text part, HTML part)`` of a delivered mail."""
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    parts = [message.get_body((kind,)).get_content() for kind in ("plain", "html")]
    return (message, *parts)
