"""Every table is held: a member in it is found, exported and destroyed by a holding, or nobody is in it and why."""

from pathlib import Path

from flask import Flask
from sqlalchemy import create_engine, inspect

from portal.holdings import holdings
from portal.rules.exported import FIELDS
from portal.rules.profile import ITEMS
from portal.settings import Settings

HELD = {  # table: the holding whose member it has
    "members": "profile",
    "standing": "profile",
    "consent_events": "consents",
    "receipts": "consents",
    "requests": "requests",
    "request_events": "requests",
    "papers": "requests",
    "leavers": "requests",
    "objections": "requests",
    "disclosures": "disclosures",
    "access_records": "access_records",
    "mails": "letters",
    "sessions": "traces",
    "proofs": "traces",
    "audit_words": "traces",
    "audit_events": "traces",
    "subject_keys": "profile",  # destroyed by a stage of its own, after every holding
}
KEPT_APART = {  # table: what of a member is there after the end, and on which ground
    "separated_records": "what a retention rule keeps, sealed under a key of its own until its day",
    "destructions": "the decision to destroy, under an opaque reference; sealed words go with the case",
    "holds": "a legal hold or an objection, under an opaque reference",
    "tombstones": "what a restored backup is destroyed by again: a keyed index, no id in clear",
    "destruction_ledger": "the duty to record destructions: counts and methods, nobody's data",
    "certificates": "the same, as a page",
    "inquiries": "what an authority asked and what was decided, sealed under the inquiry's own key",
}
NOBODY = {  # table: why no member is in it
    "processor_entries": "companies that receive data; who is reached there is sealed under the entry's own key",
    "processor_events": "what was done to an entry, by account",
    "disclosure_sums": "counts by month",
    "company_events": "how a company was checked; words and domains sealed under the company's own key",
    "company_answers": "what an admin answered, by request and account; whose it is, the request tells",
    "companies": "a company; the number of a sole trader is sealed under the company's own key",
    "drafts": "nobody knows whose it is: sealed under a key of its own, gone within a week",
    "uploads": "a list by its counts; whose it is, an account by opaque reference",
    "upload_pages": "people nobody asked about yet: sealed under the list's own key, gone within the day",
    "accounts": "staff and company administrators, as who they work; of a leaver's it is blanked with the key",
    "role_grants": "accounts by opaque reference",
    "designations": "accounts by opaque reference",
    "trainings": "accounts by opaque reference",
    "audit_head": "where the chain ends",
    "policy_drafts": "public texts; who edited, an account by opaque reference",
    "policy_releases": "how a version was released, by an account",
    "policy_announcements": "how far letters have come, in counts",
    "policy_versions": "public texts",
    "policy_withdrawals": "that a version was withdrawn, by an account",
    "policy_recalls": "how far letters have come, in counts",
    "requirements": "public texts' digests, for the gate",
    "shown_texts": "public texts",
    "request_numbers": "a counter",
    "request_notices": "which notice a request has had",
    "rates": "keyed digests that last a day",
    "runs": "when nightly work ran",
    "gate_contract": "a version",
    "tasks": "what a destruction has still to do, in counts and codes",
    "destroyed_mark": "a counter",
    "ledger_signatures": "accounts by opaque reference, under lines of the ledger",
    "certificate_ends": "a code and a state",
    "ledger_numbers": "a counter",
    "day_keys": "one key for everybody's day",
    "journal_offsets": "how far a journal was read",
}
PERSONAL = {"member_ref", "host_id", "subject", "holder_ref", "ip", "user_agent", "key_ref"}
ON_POSTGRES = {"access_records", "journal_offsets"}  # on SQLite they are made day by day


def tables(settings: Settings) -> dict[str, set[str]]:
    """Return the columns of every table of every store, as the engine itself tells them."""
    found: dict[str, set[str]] = {}
    for url in {settings.main_store, settings.keys_store, settings.separated_store, settings.access_store}:
        if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).is_file():
            continue
        engine = create_engine(url)
        there = inspect(engine)
        found |= {name: {column["name"] for column in there.get_columns(name)} for name in there.get_table_names()}
        engine.dispose()
    return {
        name: columns
        for name, columns in found.items()
        if not name.endswith("_revision")
        and not name.startswith("access_records_")  # a number; parts of what is listed
    }


def test_every_table_is_held(settings: Settings, engine_name: str) -> None:
    """A new table must say who is in it, and a table that is gone is not listed any more."""
    there = set(tables(settings))

    listed = {**HELD, **KEPT_APART, **NOBODY}.keys() - (ON_POSTGRES if engine_name == "sqlite" else set())
    assert there - listed == set(), "a table without a holding: who finds and destroys the person in it?"
    assert listed - there == set(), "listed, but there is no such table"
    assert len(HELD) + len(KEPT_APART) + len(NOBODY) == len({**HELD, **KEPT_APART, **NOBODY}), "listed twice"


def test_nobody_is_where_nobody_should_be(settings: Settings) -> None:
    """A table said to hold nobody has no column that leads to a member."""
    assert {name: columns & PERSONAL for name, columns in tables(settings).items() if name in NOBODY} == {
        name: set() for name in tables(settings) if name in NOBODY
    }


def test_every_holding_named_is_there(app: Flask) -> None:
    """The list of holdings has each that a table is held by, and no other."""
    with app.app_context():
        named = {holding.key: holding for holding in holdings() if not holding.key.startswith("host:")}

    assert set(HELD.values()) == set(named)


def test_every_exported_field_has_words() -> None:
    """What a file calls the items of a member is the policy's own label; the rest has words in both languages."""
    assert not set(FIELDS) & set(ITEMS)
    assert all(words.ko and words.en for words in FIELDS.values())
