"""Talking to the server as people do: over XML-RPC, with a browser, and waiting."""

import os
import re
import time
import xmlrpc.client

import requests

URL = os.environ.get("CROWD_URL", "http://127.0.0.1:8069")
DATABASE = os.environ.get("CROWD_DB", "crowd_demo")
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
RIVALS = {"The job is yours": "accepted", "Somebody else was faster": "taken"}


class Failed(Exception):
    """A step that is not as it should be; the text says which."""


def check(is_right, sentence):
    if not is_right:
        raise Failed(sentence)


class User:
    """Somebody with a login, over XML-RPC; demo passwords are the logins."""

    def __init__(self, login):
        self.login = login
        common = xmlrpc.client.ServerProxy(URL + "/xmlrpc/2/common")
        self.uid = common.authenticate(DATABASE, login, login, {})
        check(self.uid, f"The demo user “{login}” cannot log in to {URL}.")

    def __call__(self, model, method, *args, **kwargs):
        models = xmlrpc.client.ServerProxy(URL + "/xmlrpc/2/object")
        return models.execute_kw(
            DATABASE, self.uid, self.login, model, method, args, kwargs
        )

    def read(self, model, record, *fields):
        return self(model, "read", [record], list(fields))[0]

    def find(self, model, domain, *fields, **options):
        return self(model, "search_read", domain, list(fields), **options)

    def first(self, model, domain, *fields):
        found = self.find(model, domain, *(fields or ["name"]), limit=1)
        check(found, f"The demo data has no {model} with {domain}.")
        return found[0]


class Friend:
    """Somebody with the link of a message, and a browser of his own."""

    def __init__(self, name, token):
        self.name, self.answer = name, "no answer"
        self.url = f"{URL}/crowd/offer/{token}"
        self.browser = requests.Session()
        self.browser.trust_env = False  # no proxy between us and this machine

    def look(self):
        page = self.browser.get(self.url, timeout=30)
        found = CSRF.search(page.text)
        check(page.ok and found, f"{self.name}'s page does not let him answer.")
        self.csrf = found.group(1)

    def accept(self, barrier=None):
        if barrier:
            barrier.wait()
        self.sent = time.time()
        page = self.press("accept")
        self.seconds = time.time() - self.sent
        for sentence, answer in RIVALS.items():
            if sentence in page.text:
                self.answer = answer

    def press(self, button, **values):
        values["csrf_token"] = self.csrf
        page = self.browser.post(f"{self.url}/{button}", data=values, timeout=30)
        check(page.ok, f"“{button}” of {self.name} gave status {page.status_code}.")
        return page


def wait_for(what, seconds, look):
    """Return what ``look()`` returns as soon as it is something."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        check(time.monotonic() < end, f"{what} did not come within {seconds} seconds.")
        time.sleep(0.5)
