"""What make_demo_data.py chooses from: places, names, and what people can do."""

# country, centre, zip code, reach in km, workers, places of customers
HUBS = [
    ("CH", "Bern", "3011", 25, 44, 6),
    ("CH", "Zürich", "8001", 25, 50, 6),
    ("CH", "Winterthur", "8400", 18, 18, 3),
    ("CH", "Basel", "4051", 20, 26, 3),
    ("CH", "Luzern", "6003", 22, 18, 2),
    ("CH", "St. Gallen", "9000", 22, 16, 2),
    ("CH", "Lausanne", "1003", 22, 16, 2),
    ("CH", "Genève", "1201", 15, 10, 1),
    ("CH", "Biel/Bienne", "2502", 18, 10, 2),
    ("CH", "Thun", "3600", 20, 10, 2),
    ("CH", "Aarau", "5000", 18, 12, 2),
    ("CH", "Schaffhausen", "8200", 15, 8, 1),
    ("CH", "Lugano", "6900", 18, 6, 1),
    ("CH", "Chur", "7000", 25, 5, 2),
    ("CH", "Brig", "3900", 22, 3, 1),
    ("CH", "Zermatt", "3920", 3, 0, 1),
    ("CH", "Scuol", "7550", 3, 0, 1),
    ("DE", "Berlin", "10115", 25, 34, 5),
    ("DE", "Hamburg", "20095", 25, 20, 3),
    ("DE", "Köln", "50667", 25, 22, 3),
    ("DE", "München", "80331", 25, 20, 3),
    ("DE", "Leipzig", "04109", 22, 10, 2),
    ("DE", "Stuttgart", "70173", 22, 12, 2),
    ("DE", "Frankfurt am Main", "60311", 25, 14, 2),
    ("DE", "Freiburg", "79098", 22, 10, 1),
    ("DE", "Konstanz", "78462", 15, 6, 1),
    ("DE", "Prenzlau", "17291", 28, 3, 1),
    ("DE", "Daun", "54550", 28, 3, 1),
    ("DE", "Regen", "94209", 5, 0, 1),
]
LOCAL_NAMES = {
    "Geneva": "Genève",
    "Cologne": "Köln",
    "Köln": "Köln",
    "Munich": "München",
    "Lucerne": "Luzern",
    "Luzern": "Luzern",
    "Sankt Gallen": "St. Gallen",
    "St. Gallen": "St. Gallen",
    "Freiburg": "Freiburg",
    "Freiburg im Breisgau": "Freiburg",
    "Brig": "Brig",
    "Zürich": "Zürich",
    "Biel": "Biel/Bienne",
}
BIG_CITIES = {"Berlin": 14, "Hamburg": 11, "Köln": 9, "München": 9, "Zürich": 5}
BORDER_HUBS = ("Basel", "Schaffhausen", "Konstanz", "Freiburg")
GIVEN = {
    "de": "Anna Beat Bettina Bruno Carla Christian Claudia Daniel David Denise Dominik Elena Emil Eva Fabian Felix "
    "Franziska Georg Hanna Heidi Jana Jonas Julia Karin Kevin Lara Lea Lena Leonie Lukas Manuela Marco Marlene Martin "
    "Mia Michael Mirjam Monika Nadine Nico Nina Noah Oliver Patrick Paula Peter Petra Philipp Regula Rahel Robin "
    "Roland Sabine Samuel Sandra Sarah Sebastian Silvia Simon Sophie Stefan Sven Tanja Thomas Tim Tobias Ursula Vera "
    "Walter Yannick Yvonne Aylin Emre Ivana Luka Mirela Dragan Agnieszka Piotr Selin Amir Thi Minh Priya Arjun",
    "fr": "Alain Camille Chloé Didier Élodie Fabrice Gaëlle Hugo Inès Jérôme Julien Laure Léa Loïc Manon Mathieu "
    "Nathalie Nicolas Océane Pascal Romain Sylvie Thierry Valérie",
    "it": "Alessia Andrea Chiara Davide Elisa Fabio Giada Giulia Luca Matteo Paolo Sara Silvia Tiziana",
}
FAMILY = {
    "CH": "Aebi Aeschlimann Ammann Amstutz Baumann Berger Bieri Bischof Blaser Brunner Bucher Burri Caduff Egli Fankhauser "
    "Flückiger Frei Frey Furrer Gasser Gerber Graf Hässig Hofer Hofstetter Huber Imhof Jenni Kälin Keller Koch Kunz "
    "Küng Lehmann Liechti Lüthi Marti Maurer Meier Moser Nägeli Odermatt Ott Pfister Portmann Ritter Roth Rüegg "
    "Schaller Schär Scheidegger Schmid Schneider Stalder Steiner Studer Suter Wagner Weber Wenger Widmer Wyss Zaugg "
    "Zbinden Zimmermann Zürcher Petrović Krasniqi Yılmaz Nguyen",
    "DE": "Albrecht Arnold Bauer Beck Bergmann Böhm Brandt Busch Dietrich Engel Ernst Fischer Franke Friedrich Fuchs "
    "Günther Haas Hahn Hartmann Heinrich Herrmann Hoffmann Horn Jäger Jung Kaiser Kaufmann Kellermann Köhler Krämer "
    "Kraus Krüger Lang Lorenz Ludwig Mayer Möller Nowak Otto Pohl Richter Sauer Schäfer Schreiber Schubert Schulz "
    "Seidel Simon Sommer Stein Thiele Vogel Vogt Voigt Walther Weiß Winkler Winter Wolff Ziegler Kaya Özdemir Kowalski",
    "fr": "Aubert Bonvin Chappuis Cuendet Favre Gaillard Girard Jaquet Martin Monnier Perret Pittet Rochat Rossier "
    "Savary Vuilleumier",
    "it": "Bernasconi Bianchi Cattaneo Ferrari Fontana Galli Lepori Pedrazzini Rossi",
}
WORKER_COLUMNS = ("id", "worker_type", "crowd_radius_km", "active")
PLACE_COLUMNS = ("id", "owner_id:id", "contact_id:id")
STREETS = {
    "CH": "Lindenweg Bahnhofstrasse Dorfstrasse Gartenweg Birkenweg Schulstrasse Kirchgasse Sonnenrain Mühlestrasse "
    "Rosenweg Bergstrasse Seestrasse",
    "DE": "Lindenstraße Gartenweg Birkenallee Schulstraße Ahornweg Am Mühlbach Rosenweg Bergstraße Wiesengrund "
    "Lerchenweg Feldstraße",
    "fr": "Chemin des Tilleuls,Rue du Lac,Rue de la Gare,Chemin des Vignes",
    "it": "Via al Lago,Via dei Tigli,Via Stazione",
}
LANGUAGE_OF_HUB = {"Lausanne": "fr", "Genève": "fr", "Lugano": "it"}
UNLOCATED_CUSTOMER = "058"
SKILL_SETS = [
    ("router", "mesh", "tv_box"),
    ("router", "tv_box", "tv_set", "streaming"),
    ("ios", "transfer", "coaching"),
    ("android", "transfer", "coaching"),
    ("ios", "android", "transfer", "email"),
    ("windows", "printer", "email"),
    ("windows", "router", "printer", "virus"),
    ("mac", "ios", "backup", "email"),
    ("router", "windows", "tv_box", "android"),
    ("smart", "router", "camera"),
    ("coaching", "tv_box", "streaming"),
    ("router", "mesh", "smart", "windows"),
]
STAR_SKILLS = (
    "router",
    "mesh",
    "tv_box",
    "android",
    "ios",
    "transfer",
    "windows",
    "email",
)
EXPERT_SKILLS = "router mesh fibre cabling tv_box tv_set windows virus smart camera business mac email".split()
PRO_SKILLS = "router mesh windows mac email virus backup printer smart camera business tv_set ios android transfer".split()
