"""Many people at the same moment, over HTTP and XML-RPC."""

import re
import statistics
import threading
import time
import xmlrpc.client
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests

CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
#: What the page says, and what it means.
SENTENCES = {
    "The job is yours": "accepted",
    "You have this job": "yours",
    "Somebody else was faster": "taken",
    "The time to answer is over": "expired",
    "Many people are answering": "busy",
    "The desk has withdrawn this offer": "withdrawn",
    "You declined this offer": "declined",
    "This job is not open any more": "refused",
    "jobs open: finish one first": "refused",
}


@dataclass
class Answer:
    """What one person got: the result, how long it took, and the HTTP status."""

    result: str
    seconds: float
    status: int = 200
    detail: object = None


class Friend:
    """Somebody with the secret link of an offer, and a browser."""

    def __init__(self, server, token):
        self.url = f"{server.url}/crowd/offer/{token}"
        self.browser = requests.Session()
        self.browser.trust_env = False
        self.csrf = None

    def look(self):
        """Open the page, as one does before answering."""
        page = self.browser.get(self.url, timeout=60)
        page.raise_for_status()
        found = CSRF.search(page.text)
        self.csrf = found and found.group(1)
        return page

    def post(self, action, **values):
        """Press a button of the page that was looked at."""
        return self.browser.post(
            f"{self.url}/{action}",
            data=dict(values, csrf_token=self.csrf),
            timeout=120,
        )

    def accept(self):
        """Return the :class:`Answer` to one tap on “accept”, without the time."""
        page = self.post("accept")
        return Answer(result_of(page), 0, page.status_code, page.text)


def result_of(page):
    """Return the result that a page tells in words."""
    text = page.text
    for sentence, result in SENTENCES.items():
        if sentence in text:
            return result
    return f"unknown ({page.status_code})"


def over_http(friend):
    """Return a call for :func:`at_once`."""
    return friend.accept


def over_rpc(user, offer, channel="portal", on_behalf=False):
    """Return a call for :func:`at_once`: accept with an interface of its own."""
    rpc = user.again()

    def accept():
        answer = rpc("crowd.offer", "crowd_accept", [offer], channel, on_behalf)
        return Answer(answer["result"], 0, detail=answer)

    return accept


def at_once(calls):
    """Run ``calls`` from one barrier on; return what each returned.

    A call returns an :class:`Answer` or anything else; what it raises is an answer
    with the result "error".
    """
    barrier = threading.Barrier(len(calls))
    answers = [None] * len(calls)

    def run(place, call):
        barrier.wait()
        start = time.perf_counter()
        try:
            answer = call()
        except xmlrpc.client.Fault as fault:
            answer = Answer("error", 0, 500, fault.faultString)
        except (OSError, xmlrpc.client.ProtocolError) as error:
            answer = Answer("error", 0, 500, repr(error))
        if not isinstance(answer, Answer):
            answer = Answer("done", 0, detail=answer)
        answer.seconds = time.perf_counter() - start
        answers[place] = answer

    threads = [
        threading.Thread(target=run, args=(place, call), daemon=True)
        for place, call in enumerate(calls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def look_around(friends):
    """Let all ``friends`` open their pages, a few at a time."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Friend.look, friends))


def results(answers):
    return Counter(answer.result for answer in answers)


def percentile(answers, share):
    """Return the seconds within which ``share`` percent had their answer."""
    times = sorted(answer.seconds for answer in answers)
    if len(times) < 2:
        return times[0]
    return statistics.quantiles(times, n=100, method="inclusive")[share - 1]


def report(what, answers):
    """Print one line for the measurements of ``docs/concurrency.md``."""
    line = ", ".join(f"{n} {result}" for result, n in sorted(results(answers).items()))
    times = f"p50 {percentile(answers, 50):.2f} s, p99 {percentile(answers, 99):.2f} s"
    print(f"{what}: {line}; {times}")
