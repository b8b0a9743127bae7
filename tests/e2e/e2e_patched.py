"""A server that runs with a small addon of the test's own: to take guards out, to die.

The addon is written to a temporary folder; the product has no switch for such things.
"""

import os
import signal
import socket
import subprocess
import time
import urllib.request

from e2e_server import LOCAL, PREFIX, SCRIPTS, Server, script

MANIFEST = '{"name": "Patch of a test", "license": "AGPL-3", "version": "1.0"}'


class PatchedServer(Server):
    """A server on a database of its own, without proxy.

    :param name: of the server and of its addon
    :param folder: where the addon is written to
    :param code: of the addon
    """

    def __init__(self, name, folder, code):
        super().__init__(name=name, database=f"{PREFIX}_{name}")
        self.addon = f"crowd_{name}"
        self.addons, self._process = folder, None
        (folder / self.addon).mkdir()
        (folder / self.addon / "__manifest__.py").write_text(MANIFEST)
        (folder / self.addon / "__init__.py").write_text(code)

    def launch(self, **environment):
        """Start the processes; the addon reads ``environment``."""
        port, bus = free_ports(2)
        conf = LOCAL / f"run/{self.name}.conf"
        facts = {
            "DB": self.database,
            "DBFILTER": f"^{self.database}$",
            "HTTP_PORT": port,
            "LONGPOLLING_PORT": bus,
            "WORKERS": self.workers,
            "SMTP_PORT": self.mails.port,
        }
        script("write-conf", conf, *(f"{k}={v}" for k, v in facts.items()))
        text = conf.read_text()
        text = text.replace("addons_path = ", f"addons_path = {self.addons},")
        text = text.replace("web,queue_job", f"web,queue_job,{self.addon}")
        conf.write_text(text)
        self.url, self.log = f"http://127.0.0.1:{port}", LOCAL / f"log/{self.name}.log"
        self.log_read = 0
        environment["CROWD_ODOO_RC"] = str(conf)
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [SCRIPTS / "odoo"],
                env=dict(os.environ, **environment),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait()

    def _wait(self):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        until = time.monotonic() + 90
        while time.monotonic() < until and self._process.poll() is None:
            try:
                opener.open(self.url + "/web/login", timeout=30)
                return
            except OSError:
                time.sleep(0.3)
        raise RuntimeError(f"the server did not come up, see {self.log}")

    def halt(self):
        """End the processes; the database stays."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process = None


def free_ports(number):
    """Return ports of this machine on which nobody listens."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports
