"""What must not be in a summary for strangers."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowd_service.matching import privacy


@pytest.mark.parametrize(
    "number",
    [
        "+41 31 555 12 34",
        "0041 (0)31/555-12-34",
        "(031) 555 12 34",
        "0315551234",
        "06.12.34.56.78",
        "555-123-4567",
        "079 12.34.56 78",
        "٠٧٩ ١٢٣ ٤٥ ٦٧",
        "079\u200b123\u200b45\u200b67",
        "０７９ １２３ ４５ ６７",
    ],
)
def test_phone_numbers(number):
    assert len(privacy.find_phones(f"please call {number}, thanks")) == 1
    assert privacy.redact(f"please call {number}, thanks") == "please call …, thanks"


@pytest.mark.parametrize(
    "text",
    [
        "on 2026-05-01 at 15:30",
        "am 15.01.2024 um 15:30",
        "between 1/2/24 and 3/2/24",
        "router 192.168.178.1",
        "802.11ac, 5 GHz, 1000 Mbit/s",
        "error 0x80070005",
        "floor 3, 4 rooms, 120 m2",
        "",
    ],
)
def test_no_phone_numbers(text):
    assert privacy.find_phones(text) == []
    assert privacy.redact(text) == " ".join(text.split())


def test_a_date_does_not_hide_a_phone_number():
    assert privacy.find_phones("2026-05-01 031 555 12 34") == ["031 555 12 34"]


def test_several_phone_numbers():
    found = privacy.find_phones("031 555 12 34, 079 555 12 34")
    assert found == ["031 555 12 34", "079 555 12 34"]


@pytest.mark.parametrize("text", ["jo.b+x@mail.example.com", "jo @ example.com"])
def test_emails(text):
    assert privacy.find_emails(f"write to {text}!") == [text]
    assert privacy.redact(f"write to {text}!") == "write to …!"


@pytest.mark.parametrize("text", ["@home", "5 @ 3", "jo@localhost"])
def test_no_emails(text):
    assert privacy.find_emails(text) == []


def test_names_are_whole_words_in_any_case():
    assert privacy.find_names("for ANNA  meier", ["Anna Meier"]) == ["Anna Meier"]
    assert privacy.find_names("Annapurna", ["Anna"]) == []
    assert privacy.find_names("Straße", ["STRASSE"]) == ["STRASSE"]
    assert privacy.find_names("of it", ["Of", "  ", ""]) == []
    assert privacy.find_names("a.c", ["a.c", "abc"]) == ["a.c"]


def test_a_part_of_a_found_name_is_not_told_again():
    names = ["Anna Meier", "Meier", "Anna"]
    assert privacy.find_names("Anna Meier waits", names) == ["Anna Meier"]
    assert privacy.find_names("Mrs Meier waits", names) == ["Meier"]


@pytest.mark.parametrize(
    ("street", "name"),
    [
        ("Long Lane 5", "Long Lane"),
        ("Long Lane 5b", "Long Lane"),
        ("Long Lane, 12 B", "Long Lane"),
        ("5 Long Lane", "Long Lane"),
        ("Long Lane", "Long Lane"),
    ],
)
def test_streets(street, name):
    assert privacy.street_name(street) == name
    assert privacy.find_streets("second house in the long lane", [street]) == [name]


def test_redact_names_and_contacts():
    text = "TV of Anna Meier, anna@example.com, 031 555 12 34"
    assert privacy.redact(text, ["Anna Meier"]) == "TV of …, …, …"


@given(st.text() | st.text("0123456789 .-+()@/:ab²٣"), st.lists(st.text(), max_size=3))
def test_redacted_text_is_clean(text, names):
    clean = privacy.redact(text, names)
    assert privacy.find_phones(clean) == []
    assert privacy.find_emails(clean) == []


@pytest.mark.parametrize("text", ["a", "1", "1 ", "a@", "1.", "(", "+", "a.", "-1"])
def test_a_megabyte_takes_no_time(text):
    start = time.monotonic()
    privacy.redact(text * (1_000_000 // len(text)), ["Anna Meier"])
    assert time.monotonic() - start < 10
