"""What the pattern recognisers find, and above all what they leave alone. No tagger takes part."""

from __future__ import annotations

import pytest

from memguard.privacy.addresses import addresses
from memguard.privacy.health import health
from memguard.privacy.phones import phones
from memguard.privacy.recognisers import patterns
from memguard.privacy.resolve import resolve


def found(text: str) -> list[tuple[str, str]]:
    spans = [*patterns(text), *phones(text), *addresses(text), *health(text, [])]
    return [(span.type, text[span.start : span.end]) for span in resolve(text, spans)]


@pytest.mark.parametrize(
    ("text", "type_", "value"),
    [
        ("pay with 5105 1051 0510 5100 then", "CREDIT_CARD", "5105 1051 0510 5100"),
        ("my visa is 4012888888881882", "CREDIT_CARD", "4012888888881882"),
        ("my card is 4111 1111 1111 1111, ok?", "CREDIT_CARD", "4111 1111 1111 1111"),
        ("ssn 536-22-8743", "US_SSN", "536-22-8743"),
        ("mail r.mcallister+news@gmail.com now", "EMAIL_ADDRESS", "r.mcallister+news@gmail.com"),
        ("write to lena_k88@example.org", "EMAIL_ADDRESS", "lena_k88@example.org"),
        ("my home ip is 84.131.20.9", "IP_ADDRESS", "84.131.20.9"),
        ("from 2a02:8108:96bf:f1c0::2b1e last night", "IP_ADDRESS", "2a02:8108:96bf:f1c0::2b1e"),
        ("the laptop has 3c:22:fb:9a:01:7e", "MAC_ADDRESS", "3c:22:fb:9a:01:7e"),
        ("see https://ada.page/cv.pdf please", "URL", "https://ada.page/cv.pdf"),
        ("my username is night.owl_7", "USERNAME", "night.owl_7"),
        ("her twitter is @ada_l", "USERNAME", "ada_l"),
        ("my discord is kraus#4471", "USERNAME", "kraus#4471"),
        ("on Reddit as u/night_owl", "USERNAME", "night_owl"),
        ("I use the handle quietfox on GitHub", "USERNAME", "quietfox"),
        ("my blood type is O negative", "HEALTH", "O negative"),
        ("he was born on 8 March 1961", "DATE_OF_BIRTH", "8 March 1961"),
        ("date of birth: 1961-03-08", "DATE_OF_BIRTH", "1961-03-08"),
        ("I was born in 1961", "DATE_OF_BIRTH", "1961"),
        ("she is 34 years old", "AGE", "34"),
        ("a 7-year-old boy", "AGE", "7"),
        ("I'm 34 and tired", "AGE", "34"),
        ("my son Theo is 7 and loud", "AGE", "7"),
        ("our daughter is four", "AGE", "four"),
        ("I'll be 40 next month", "AGE", "40"),
        ("she turned 40 last week", "AGE", "40"),
        ("passport number is X4738291", "PASSPORT", "X4738291"),
        ("driver's license: D123-4567-8901", "US_DRIVER_LICENSE", "D123-4567-8901"),
        ("the license plate of my car is B-KX 4471", "LICENSE_PLATE", "B-KX 4471"),
        ("my plate number is 7KLM329 and I drive", "LICENSE_PLATE", "7KLM329"),
        ("the plate number is AB12 CDE I think", "LICENSE_PLATE", "AB12 CDE"),
        ("our VIN is 1HGCM82633A004352", "LICENSE_PLATE", "1HGCM82633A004352"),
        ("account number 12345678", "US_BANK_NUMBER", "12345678"),
        ("sort code 20-45-33", "US_BANK_NUMBER", "20-45-33"),
        ("my employee id is E-449120", "ID_NUMBER", "E-449120"),
        ("Aadhaar 2345 6789 0123", "ID_NUMBER", "2345 6789 0123"),
        ("my salary is $85,000", "FINANCE", "salary is $85,000"),
        ("and still owe 18k on my student loan", "FINANCE", "owe 18k on my student loan"),
        ("we're Catholic", "BELIEF", "Catholic"),
        ("I'm a devout Catholic", "BELIEF", "Catholic"),
        ("we voted Labour", "BELIEF", "Labour"),
        ("call me on +49 30 901820", "PHONE_NUMBER", "+49 30 901820"),
        ("try (415) 555-2671 after six", "PHONE_NUMBER", "(415) 555-2671"),
        ("her number is 415-555-0182", "PHONE_NUMBER", "415-555-0182"),
        ("at 221B Baker St, London NW1 6XE", "LOCATION", "221B Baker St, London NW1 6XE"),
        ("she lives at 14B Kestrel Rise, Leith, EH6 7QT", "LOCATION", "14B Kestrel Rise, Leith, EH6 7QT"),
        ("to 12 rue des Lilas, 75011 Paris", "LOCATION", "12 rue des Lilas, 75011 Paris"),
        ("at 12 Elm Street, Springfield, IL 62704", "LOCATION", "12 Elm Street, Springfield, IL 62704"),
        ("wohnt Gartenstra\u00dfe 14, 80331 M\u00fcnchen", "LOCATION", "Gartenstra\u00dfe 14, 80331 M\u00fcnchen"),
        ("to 14 Rue de la Paix, 75002 Paris", "LOCATION", "14 Rue de la Paix, 75002 Paris"),
        ("zip code is 62704", "LOCATION", "62704"),
        ("I take 50 mg of sertraline", "HEALTH", "50 mg of sertraline"),
        ("my father has type 2 diabetes", "HEALTH", "type 2 diabetes"),
        ("my blood pressure was 150/95", "HEALTH", "blood pressure was 150/95"),
    ],
)
def test_it_is_found_whole(text: str, type_: str, value: str) -> None:
    assert found(text) == [(type_, value)]


@pytest.mark.parametrize(
    "text",
    [
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8 broke it",
        "request 550e8400-e29b-41d4-a716-446655440000",
        "epoch 1700000000 and 1700000000000 ms",
        "bump from 4.17.20 to 4.17.21, build 20240115.3",
        "proxy 127.0.0.1:8000, 10.12.0.5, 192.168.1.1, 172.16.4.20 and [::1]:80",
        "DNS is 8.8.8.8, netmask 255.255.255.0",
        "pkg==1.2.3.4 and version 84.131.20.9",
        "push to git@github.com:acme/tools.git as noreply@acme.dev",
        "log in as user@example.com",
        "the order_id is 8812345, port 5432, 30000 ms",
        "username is required and must be unique",
        "the passport_number column is varchar(20)",
        "00:00:00:00:00:00 is a placeholder",
        "the test fixture dials +1 415 555 0100 and fails the build",
        "my daughter is one of the best, my dog is 3% of the budget",
        "card 4242 4242 4242 4242 works in the sandbox",
        "the number 4242 4242 4242 4241 fails the checksum",
        "He is 2 commits behind; we turned 3 services into one",
        "I'm 80% sure, and 34 minutes late",
        "diabetes is common",
        "Memory leak: add a health endpoint",
        "I moved the class to another module",
        "aws account id 123456789012",
    ],
)
def test_what_is_not_personal_is_left_alone(text: str) -> None:
    assert [each for each in found(text) if each[0] != "DATE_TIME"] == []


def test_a_full_date_is_a_date_and_only_birth_makes_it_one_of_birth() -> None:
    assert found("released 2024-05-01") == [("DATE_TIME", "2024-05-01")]
