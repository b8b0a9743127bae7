"""The base of tests with an SMS provider: a real server that can be as bad as any."""

from unittest.mock import patch

from odoo.tools import config

from .delivery_case import DeliveryCase
from .sms_server import SmsServer

KEY = "Canary-Provider-Key-8201"
ANNA, TECH = "+41791110001", "+41791110002"


class SmsFactory:
    """Makes a gateway over which Anna and the technician are told first."""

    @classmethod
    def _set_up_sms(cls):
        cls.sms = cls.env["crowd.gateway"].create(
            {
                "name": "Test provider",
                "kind": "sms",
                "company_id": cls.company_a.id,
                "sms_url": "http://127.0.0.1:1/send",
                "sms_headers": "Authorization: Bearer {secret:key}",
                "sms_id_path": "message.id",
                "sms_status_path": "message.status",
                "sms_ok_values": "accepted",
            }
        )
        cls.sms.sms_new_secret = "key=" + KEY
        for worker, number in ((cls.anna, ANNA), (cls.tech, TECH)):
            worker.partner_id.mobile = number
            cls.env["crowd.reach"]._of(worker.partner_id)._choose(["sms", "mail"], {})

    def _start_provider(self):
        self.provider = SmsServer()
        self.provider.start()
        self.addCleanup(self.provider.stop)
        self.sms.sms_url = self.provider.url
        allowed = {"crowd_allowed_hosts": "127.0.0.1:%d" % self.provider.port}
        patcher = patch.dict(config.options, allowed)
        patcher.start()
        self.addCleanup(patcher.stop)


class SmsCase(SmsFactory, DeliveryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_sms()

    def setUp(self):
        super().setUp()
        self._start_provider()
