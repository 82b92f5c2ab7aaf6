"""Which columns are sensitive, decided by their values."""

from __future__ import annotations

import random
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.values.checksums import is_card, is_iban, luhn
from agnes.values.personal import masked, sensitive

SENSITIVE = {
    "email": ["ada@example.com", "Grace Hopper <grace@navy.mil>", "x.y+z@sub.example.co.uk"],
    "phone": [
        "+49 171 1234567",
        "+420 777 123 456",
        "+1 (555) 123-4567",
        "(555) 123-4567",
        "555-123-4567 x12",
        "030/12345678",
        "0171 1234567",
        "01 23 45 67 89",
        "020 7946 0958",
        "0049 30 901820",
        "+4917112345678",
    ],
    "card": ["4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "6011111111111117"],
    "iban": ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "CZ6508000000192000145399"],
    "ip": ["192.168.0.1", "8.8.8.8:53", "2001:db8::1", "10.0.0.0/8"],
    "token": [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "AKIAIOSFODNN7EXAMPLE",
        "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "k3Jd82lQp0Zx71mNvB4tYw9RsE6uHgTa",
    ],
}
HARMLESS = {
    "created_at": ["2024-01-15 10:00:00", "2024-02-03 11:30:00"],
    "day": ["2024-01-15", "2024-02-03"],
    "german_day": ["15.01.2024", "03.02.2024"],
    "id": ["1", "2", "3"],
    "order_no": ["2024-000123", "2024-000124"],
    "amount": ["1234567.50", "-12.00", "+88.10"],
    "uuid": [str(uuid.UUID(int=n * 7919 << 64 | n)) for n in range(1, 20)],
    "order_key": ["0cc175b9c0f1b6a831c399e269772661", "92eb5ffee6ae2fec3ad71c777531578f"],
    "commit_sha": ["da39a3ee5e6b4b0d3255bfef95601890afd80709"],
    "app_version": ["10.0.1.2", "10.0.1.3"],
    "page_url": ["https://example.com/a/b?id=12", "https://example.com/shop/cart"],
    "notes": ["Called the customer", "Wants a refund", "Order 4711 is late"],
    "zip": ["01067", "80331"],
    "sku": ["AB-1234-XL", "CD-5678-S"],
    "epoch_ms": ["1700000000000", "1700000360000"],
    "lat_lon": ["52.5200, 13.4050", "48.1351, 11.5820"],
    "email_count": ["3", "0", "12"],
    "email_verified": ["true", "false"],
    "email_domain": ["example.com", "example.org"],
    "phone_type": ["mobile", "home"],
    "ip_country": ["DE", "CZ"],
    "token_count": ["812", "90"],
    "token_expires_at": ["2024-01-15", "2024-02-03"],
    "salesforce_id": ["0015g00000XyZ12AAB", "0015g00000XyZ13AAC"],
    "time": ["10:15", "23:59:59"],
    "mac": ["00:1B:44:11:3A:B7", "00:1B:44:11:3A:B8"],
}


@pytest.mark.parametrize(
    ("kind", "value"), [(kind, value) for kind, values in SENSITIVE.items() for value in values]
)
def test_a_column_of_one_kind_of_values_is_sensitive_whatever_it_is_called(kind, value):
    assert sensitive("x", [value, None, "", value, "N/A", f" {value} "]) == kind


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_like_it_is_not(name):
    assert sensitive(name, HARMLESS[name]) is None


@pytest.mark.parametrize("name", ["column", "account_id", "card"])
def test_ids_of_which_some_have_the_check_digit_of_a_card_are_no_cards(name):
    numbers = random.Random(1)
    ids = [str(numbers.randrange(4 * 10**15, 5 * 10**15)) for _ in range(500)]
    assert any(map(is_card, ids))

    assert sensitive(name, ids) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("email", "email"),
        ("userEmail", "email"),
        ("E-Mail", "email"),
        ("phone_number", "phone"),
        ("MOBILE", "phone"),
        ("iban", "iban"),
        ("credit_card_number", "card"),
        ("IPAddress", "ip"),
        ("last_login_ip", "ip"),
        ("password_hash", "token"),
        ("api_key", "token"),
        ("email_count", None),
        ("shipping", None),
        ("id", None),
        ("", None),
        ("🦆", None),
    ],
)
def test_the_name_decides_where_there_are_no_values(name, kind):
    assert sensitive(name, []) == kind
    assert sensitive(name, [None, "", "  ", "null"]) == kind


def test_a_name_lets_fewer_values_decide():
    few = ["+49 171 1234567"] + [f"call the office, room {n}" for n in range(5)]
    assert (sensitive("remark", few), sensitive("phone", few)) == (None, "phone")

    assert sensitive("customer_phone", ["4917112345678", "4917187654321"]) == "phone"
    assert sensitive("customer_no", ["4917112345678", "4917187654321"]) is None
    assert sensitive("password", ["hunter2!", "correcthorse"]) == "token"


def test_some_addresses_in_a_text_make_it_sensitive():
    assert sensitive("notes", ["write to ada@example.com", *["nothing"] * 8]) == "email"


def test_a_text_is_shown_without_what_is_sensitive_in_it():
    text = "ada@example.com called +49 171 1234567 from 10.0.0.1, paid 4111 1111 1111 1111."

    assert masked(text) == "<email> called <phone> from <ip>, paid <card>."
    for harmless in ("Order 4711, 12 pieces", "2024-01-15 10:00:00", "10:15", "Größe: 12,5 cm"):
        assert masked(harmless) == harmless


@given(st.text(max_size=60), st.lists(st.text(max_size=40), max_size=5))
def test_any_text_gets_an_answer(name, values):
    sensitive(name, values)
    for value in values:
        masked(value)


@given(st.integers(0, 10**18))
def test_of_ten_last_digits_one_is_the_check_digit(number):
    assert sum(luhn(f"{number}{digit}") for digit in range(10)) == 1


@given(st.text("ABCXYZ0123456789", min_size=12, max_size=20), st.sampled_from(["DE", "GB", "CZ"]))
def test_of_all_check_digits_an_account_number_has_one(account, country):
    assert sum(is_iban(f"{country}{check:02}{account}") for check in range(2, 99)) == 1
