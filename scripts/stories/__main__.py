"""The main job, against a running demo server: `make story`.

Six tickets go through the crowd at the same time, as people would see to it: the desk and
technicians over XML-RPC, friends by the links of their mails and by SMS. All that is
printed was read from the server. Needs CROWD_URL, CROWD_DB, CROWD_MAIL (the folder of
the mails) and CROWD_SMS (address of the fake SMS provider).

It ends with a sentence and an error status when a step is not as it should be.
"""

import sys
import threading
import time
import xmlrpc.client

from .rivals import Rivals
from .scope import ScopeAlarm
from .server import DATABASE, URL, Failed
from .silence import SilentTechnician, TechnicianBySms
from .smtp import SmtpDown
from .stage import Stage
from .waves import SecondWave

CHAPTERS = (Rivals, SecondWave, TechnicianBySms, SmtpDown, SilentTechnician, ScopeAlarm)


def tell(names):
    start = time.monotonic()
    stage = Stage()
    chapters = [
        chapter(stage)
        for chapter in CHAPTERS
        if not names or chapter.__name__.lower() in names
    ]
    say(f"\n{len(chapters)} tickets through the crowd, on {URL}, database {DATABASE}")
    threads = [
        threading.Thread(target=chapter.run, daemon=True) for chapter in chapters
    ]
    with stage.nobody_sleeps():
        for thread in threads:
            thread.start()
        for chapter, thread in zip(chapters, threads):
            wait(thread, threads, start)
            say(chapter.paper)
    failed = [chapter for chapter in chapters if chapter.error]
    if failed:
        sentences = [f"{c.number or c.title}: {c.error}" for c in failed]
        raise Failed("\n      ".join(sentences))
    say(
        f"\nAll steps were as they should be, in {time.monotonic() - start:.0f} seconds."
    )


def wait(thread, threads, start):
    """Wait for a thread; say every ten seconds how many are under way."""
    while thread.is_alive():
        thread.join(10)
        if thread.is_alive():
            going = sum(t.is_alive() for t in threads)
            seconds = time.monotonic() - start
            say(f"  ... {seconds:.0f} s, {going} tickets are under way")


def say(text):
    print(text, flush=True)


def main(names):
    try:
        tell({name.lower() for name in names})
    except Failed as failed:
        sys.exit(f"STOP: {failed}")
    except xmlrpc.client.Fault as fault:
        sys.exit(f"STOP: the server refused: {fault.faultString.strip()}")
    except (OSError, xmlrpc.client.ProtocolError) as error:
        sys.exit(f"STOP: {URL} does not answer as it should: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
