"""The base of tests that send messages, to a mail server that can be as bad as any."""

from .common import CrowdCase
from .delivery_common import DeliveryFactory
from .smtp_server import SmtpServer, real_mail


class DeliveryCase(DeliveryFactory, CrowdCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_offers()
        cls.gateway = cls.env.ref("crowd_service.crowd_gateway_mail")

    def setUp(self):
        super().setUp()
        self.server = SmtpServer()
        self.server.start()
        self.addCleanup(self.server.stop)
        self.gateway.mail_server_id = self._mail_server(self.server.port)

    def _mail_server(self, port):
        return self.env["ir.mail_server"].create(
            {"name": "Test", "smtp_host": "127.0.0.1", "smtp_port": port}
        )

    def _send(self, deliveries):
        with real_mail(self.registry):
            for delivery in deliveries:
                delivery._job_send()
        deliveries.flush()

    def _jobs(self, delivery):
        """Return the jobs that carry the message, alone or with others."""
        jobs = self.env["queue.job"].search([("method_name", "=", "_job_send")])
        return jobs.filtered(lambda job: delivery in job.records)

    def _activities(self, dispatch, name):
        kind = self.env.ref("crowd_service.mail_activity_" + name)
        return dispatch.activity_ids.filtered(lambda a: a.activity_type_id == kind)
