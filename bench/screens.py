"""How long the screens of the desk take to open, as a browser would open them.

    python bench/screens.py --url http://127.0.0.1:8069 --db NAME --login agent --password agent

Calls what the web client calls, over HTTP, and prints a line per screen: median and p95 in milliseconds of all its calls
together. With several databases of one server it opens each screen in all of them by turns, and prints how many times as
long as in the first one it takes. An order or a ticket that is missing is created and stays.
"""

import argparse
import json
import statistics
import time

import requests
from lxml import etree

WORKERS = "crowd_service.fsm_person_action"
ROWS = 80
CARDS = 40
X2MANY = ("one2many", "many2many")


class Client:
    """A browser that is logged in; ``companies`` limits it to some of its companies."""

    def __init__(self, url, database, login, password, companies=None):
        self.url = url
        self.session = requests.Session()
        info = self.post(
            "/web/session/authenticate", db=database, login=login, password=password
        )
        allowed = [c[0] for c in info["user_companies"]["allowed_companies"]]
        current = info["user_companies"]["current_company"][0]
        allowed.sort(key=lambda company: company != current)
        self.context = dict(
            info["user_context"], allowed_company_ids=allowed[: companies or None]
        )
        self.uid = info["uid"]

    def post(self, path, **params):
        answer = self.session.post(
            self.url + path, json={"jsonrpc": "2.0", "params": params}, timeout=600
        ).json()
        if "error" in answer:
            raise RuntimeError(json.dumps(answer["error"]["data"], indent=1)[-2000:])
        return answer["result"]

    def call(self, model, method, *args, **kwargs):
        context = dict(self.context, **kwargs.pop("context", {}))
        return self.post(
            f"/web/dataset/call_kw/{model}/{method}",
            model=model,
            method=method,
            args=args,
            kwargs=dict(kwargs, context=context),
        )

    def views(self, model, *kinds, context=None):
        """Return ``{kind: view}``; the search view and the favourites come along."""
        wanted = [[False, kind] for kind in kinds + ("search",)]
        options = {"load_filters": True, "toolbar": True}
        return self.call(
            model, "load_views", views=wanted, options=options, context=context or {}
        )["fields_views"]

    def page(self, model, view, limit, domain=(), offset=0):
        """Read a page of a list or of cards, and what its tags are called."""
        found = self.post(
            "/web/dataset/search_read",
            model=model,
            fields=fields_of(view),
            domain=list(domain),
            limit=limit,
            offset=offset,
            sort=etree.fromstring(view["arch"]).get("default_order", ""),
            context=dict(self.context, bin_size=True),
        )
        self.read_tags(view, found["records"])
        return found

    def read_tags(self, view, records):
        for name in fields_of(view):
            field = view["fields"][name]
            ids = {i for r in records for i in r[name]} if is_x2many(field) else ()
            if ids:
                self.call(field["relation"], "read", sorted(ids), ["display_name"])


def is_x2many(field):
    return field["type"] in X2MANY


def fields_of(view):
    """Return the names of the fields of a view, without those of lists inside it."""
    arch = etree.fromstring(view["arch"])
    return sorted(set(arch.xpath("//field[not(ancestor::field)]/@name")))


def node_of(view, name):
    return etree.fromstring(view["arch"]).find(f".//field[@name='{name}']")


def onchange_spec(view, prefix=""):
    """Return what the client tells ``onchange`` about the fields of a form."""
    spec = {}
    arch = etree.fromstring(view["arch"])
    for node in arch.xpath("//field[not(ancestor::field)]"):
        name = node.get("name")
        spec[prefix + name] = node.get("on_change", "")
        for inner in view["fields"][name].get("views", {}).values():
            spec.update(onchange_spec(inner, prefix + name + "."))
    return spec


class Form:
    """A form view in the browser."""

    def __init__(self, client, model, **context):
        self.client, self.model, self.context = client, model, context
        self.view = client.views(model, "form", context=context)["form"]

    def open(self, record_id):
        """Read a record, the rows of the lists in it, and what stands below it."""
        names = fields_of(self.view)
        (values,) = self.client.call(self.model, "read", [record_id], names)
        for name in names:
            if is_x2many(self.view["fields"][name]) and values[name]:
                self._read_rows(name, values[name])
        if self.view["fields"].get("message_ids"):
            self._open_chatter(record_id)
        return values

    def _read_rows(self, name, ids):
        field = self.view["fields"][name]
        node = node_of(self.view, name)
        if node.get("invisible") == "1" or node.get("widget", "").startswith("mail_"):
            return
        rows = field.get("views", {}).get("tree")
        wanted = fields_of(rows) if rows else ["display_name"]
        self.client.call(field["relation"], "read", ids[:CARDS], wanted)

    def _open_chatter(self, record_id):
        of_record = {"model": self.model, "res_ids": [record_id]}
        self.client.post("/mail/get_suggested_recipients", **of_record)
        self.client.post("/mail/read_followers", res_model=self.model, res_id=record_id)
        domain = [["model", "=", self.model], ["res_id", "=", record_id]]
        self.client.call("mail.message", "message_fetch", domain=domain, limit=30)

    def new(self):
        """Ask for the values of a new record."""
        return self.client.call(
            self.model, "onchange", [], {}, [], onchange_spec(self.view)
        )["value"]

    def search(self, name, values, text=""):
        """Type into a many2one field."""
        field = self.view["fields"][name]
        domain = node_of(self.view, name).get("domain") or field.get("domain") or []
        if isinstance(domain, str):
            known = dict(dict.fromkeys(self.view["fields"], False), **values)
            domain = eval(domain, {"uid": self.client.uid}, known)  # of our own view
        return self.client.call(
            field["relation"],
            "name_search",
            name=text,
            args=domain,
            operator="ilike",
            limit=8,
        )


class Screens:
    """Each public method opens a screen, from its menu or button on."""

    def __init__(self, client):
        self.client = client
        self._find_records()

    def _find_records(self):
        location = self._any("fsm.location")
        self.worker = self._any("fsm.person", [["crowd_membership_ids", "!=", False]])
        self.order = self._any(
            "fsm.order", [["person_id", "!=", False]], location_id=location
        )
        self.ticket = self._any(
            "helpdesk.ticket",
            [
                ["crowd_service_id.crowd_place", "=", "on_site"],
                ["fsm_location_id", "!=", False],
                ["closed", "=", False],
            ],
            order="id",
            name="Bench",
            description="Bench",
        )
        self.skills = self.client.call("hr.skill", "search", [], limit=2)

    def _any(self, model, domain=(), order=None, **values):
        found = self.client.call(model, "search", list(domain), limit=1, order=order)
        if not found and domain:
            found = self.client.call(model, "search", [], limit=1)
        return found[0] if found else self.client.call(model, "create", values)

    def worker_list(self):
        self.client.post("/web/action/load", action_id=WORKERS)
        views = self.client.views("fsm.person", "list", "kanban", "form")
        return self.client.page("fsm.person", views["list"], ROWS)

    def worker_cards(self):
        view = self.client.views("fsm.person", "kanban")["kanban"]
        return self.client.page("fsm.person", view, CARDS)

    def worker_list_by_name(self):
        view = self.client.views("fsm.person", "list")["list"]
        domain = [["name", "ilike", "Anna"]]
        return self.client.page("fsm.person", view, ROWS, domain)

    def worker_list_externals(self):
        view = self.client.views("fsm.person", "list")["list"]
        return self.client.page("fsm.person", view, ROWS, [["is_external", "=", True]])

    def worker_list_by_kind(self):
        self.client.views("fsm.person", "list")
        return self.client.call(
            "fsm.person",
            "web_read_group",
            domain=[],
            fields=["name"],
            groupby=["worker_type"],
            limit=ROWS,
        )

    def worker_form(self):
        return Form(self.client, "fsm.person").open(self.worker)

    def worker_form_new(self):
        return Form(self.client, "fsm.person", default_worker_type="friend").new()

    def order_form(self):
        return Form(self.client, "fsm.order").open(self.order)

    def order_form_new(self):
        return Form(self.client, "fsm.order").new()

    def order_worker_field(self):
        form = Form(self.client, "fsm.order")
        return form.search("person_id", {"skill_ids": []})

    def order_worker_field_skills(self):
        form = Form(self.client, "fsm.order")
        return form.search("person_id", {"skill_ids": self.skills})

    def order_worker_field_typed(self):
        form = Form(self.client, "fsm.order")
        return form.search("person_id", {"skill_ids": []}, "Ann")

    def ticket_form(self):
        return Form(self.client, "helpdesk.ticket").open(self.ticket)

    def match_screen(self):
        action = self.client.post(
            "/web/dataset/call_button",
            model="helpdesk.ticket",
            method="action_crowd_match",
            args=[[self.ticket]],
            kwargs={"context": self.client.context},
        )
        return Form(self.client, "crowd.match").open(action["res_id"])

    def ticket_form_new(self):
        return Form(self.client, "helpdesk.ticket").new()

    def ticket_customer_field(self):
        form = Form(self.client, "helpdesk.ticket")
        return form.search("partner_id", {"all_partners": True})

    def membership_list(self):
        view = self.client.views("crowd.membership", "list")["list"]
        return self.client.page("crowd.membership", view, ROWS)


#: The screens that must open within three times of their time at 1,000 workers.
PROMISED = (
    "worker_list",
    "order_form",
    "order_form_new",
    "ticket_form",
    "match_screen",
)
ALL = [name for name in vars(Screens) if not name.startswith("_")]


def measure(clients, names=ALL, repeat=20, warm_up=2):
    """Open each screen ``repeat`` times; return ``{name: [milliseconds, …]}`` for each client.

    The clients take turns, so that whatever else the machine does slows all of them.
    """
    screens = [Screens(client) for client in clients]
    times = [{name: [] for name in names} for _client in clients]
    for name in names:
        for number in range(-warm_up, repeat):
            for of_client, taken in zip(screens, times):
                start = time.perf_counter()
                getattr(of_client, name)()
                if number >= 0:
                    taken[name].append(1000 * (time.perf_counter() - start))
    return times


def median_and_p95(values):
    values = sorted(values)
    return statistics.median(values), values[max(0, -(-len(values) * 95 // 100) - 1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://127.0.0.1:8069")
    parser.add_argument("--db", required=True, nargs="+", help="the first: compare to")
    for name in ("--login", "--password"):
        parser.add_argument(name, required=True)
    parser.add_argument("--companies", type=int, help="use so many of the companies")
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--screens", nargs="+", default=ALL, help="default: all")
    args = parser.parse_args()
    clients = [
        Client(args.url, name, args.login, args.password, args.companies)
        for name in args.db
    ]
    for screen in args.screens:  # each is printed when it is done
        found = [
            median_and_p95(times[screen])
            for times in measure(clients, [screen], args.repeat)
        ]
        cells = ["%9.1f %9.1f" % cell for cell in found]
        cells += ["%6.2f" % (median / found[0][0]) for median, _p95 in found[1:]]
        print("%-28s" % screen, *cells, flush=True)


if __name__ == "__main__":
    main()
