"""Registering members: sealed, found again exactly, once."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from portal.database import db, writing
from portal.records import companies, members
from portal.rules.profile import ProfileFaults
from portal.services import consenting, registering
from portal.services.registering import OtherProfile, register
from portal.vault import person_keys
from portal.vault.person_keys import KeyDestroyed, SubjectKey
from portal.vault.profiles import ProfileBroken
from tests.fake_clock import FakeClock
from tests.members.samples import GAON, JIWON, KEPT, TRADER, profile


def rows(table: str) -> int:
    return int(db.session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def keys() -> int:
    with db.engines["keys"].connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM subject_keys")) or 0)


def test_what_was_told_is_known_again(app: Flask, clock: FakeClock) -> None:
    """The profile comes back in the form it is kept in, with its source, its company and the moment."""
    with app.app_context():
        done = register("7001", JIWON, "SELF", clock())

        member = members.of_host("7001")
        assert member is not None
        assert (member.ref, member.company_ref, done.made) == (done.member_ref, done.company_ref, True)
        assert (member.source, member.updated_at) == ("SELF", clock())
        assert registering.profile_of(member) == KEPT
        assert registering.profiles_of([member]) == {member.ref: KEPT}


def test_a_member_without_a_company_needs_none(app: Flask, clock: FakeClock) -> None:
    """An e-mail address is enough."""
    with app.app_context():
        done = register("7001", {"email": "solo@person.example"}, "SELF", clock())

        assert done.company_ref is None
        assert rows("companies") == 0


@pytest.mark.parametrize(
    "asked",
    ["jiwon.seo@gaon.example", "  JIWON.SEO@Gaon.Example ", "Jiwon.Seo@GAON.example"],
    ids=["as told", "capitals and spaces", "mixed"],
)
def test_an_address_is_found_however_it_is_written(app: Flask, clock: FakeClock, asked: str) -> None:
    """Capitals and outer blanks make no difference to a search."""
    with app.app_context():
        done = register("7001", JIWON, "SELF", clock())

        assert [member.ref for member in registering.of_email(asked)] == [done.member_ref]


@pytest.mark.parametrize(
    "asked", ["jiwon.seo@gaon.exampl", "jiwon", "%", "", "jiwon.seo@gaon.example'", "4539578763621486"]
)
def test_a_search_is_exact(app: Flask, clock: FakeClock, asked: str) -> None:
    """A part of an address, a pattern or no address at all finds nobody."""
    with app.app_context():
        register("7001", JIWON, "SELF", clock())

        assert registering.of_email(asked) == []


def test_a_decomposed_name_is_the_same_name(app: Flask, clock: FakeClock) -> None:
    """An ID typed in decomposed Hangul, as macOS gives it, finds the composed one."""
    with app.app_context():
        done = register("7001", profile(login_id="\uc11c\uc9c0\uc6d0"), "SELF", clock())  # composed

        found = registering.found_by("login_id", "\u1109\u1165\u110c\u1175\u110b\u116f\u11ab")  # decomposed

        assert [member.ref for member in found] == [done.member_ref]


def test_a_contact_is_found_in_any_writing(app: Flask, clock: FakeClock) -> None:
    """The same number with country code, spaces or hyphens is one number; in another field it is none."""
    with app.app_context():
        done = register("7001", JIWON, "SELF", clock())

        for asked in ("010-1234-5678", "+82 10 1234 5678", "01012345678"):
            assert [member.ref for member in registering.found_by("personal_contact", asked)] == [done.member_ref]
        assert registering.found_by("login_id", "jiwon.seo@gaon.example") == []


def test_two_people_may_share_an_address(app: Flask, clock: FakeClock) -> None:
    """The host decides who is who: both are found, the first met first."""
    with app.app_context():
        first = register("7001", JIWON, "SELF", clock())
        second = register("7002", JIWON, "SELF", clock())

        found = registering.of_email(JIWON["email"])

        assert [member.ref for member in found] == [first.member_ref, second.member_ref]


def test_a_repeat_changes_nothing(app: Flask, clock: FakeClock) -> None:
    """The same registration again answers the same and touches no row and no key."""
    with app.app_context():
        first = register("7001", JIWON, "SELF", clock())
        again = register("7001", profile(email="Jiwon.Seo@gaon.example".lower()), "SELF", clock() + timedelta(days=1))

        assert (again.member_ref, again.company_ref, again.made) == (first.member_ref, first.company_ref, False)
        assert members.of_host("7001").updated_at == clock()  # type: ignore[union-attr]
        assert (rows("members"), rows("companies"), keys()) == (1, 1, 2)


def test_a_repeat_with_other_data_is_refused(app: Flask, clock: FakeClock) -> None:
    """What differs is named, without a value, and nothing is changed: a correction is a request of its own."""
    with app.app_context():
        register("7001", JIWON, "SELF", clock())

        with pytest.raises(OtherProfile) as refusal:
            register("7001", profile(email="other@gaon.example", personal_contact=""), "SELF", clock())

        assert refusal.value.items == ("email", "personal_contact")
        assert "other@gaon.example" not in str(refusal.value)
        assert registering.profile_of(members.of_host("7001")) == KEPT  # type: ignore[arg-type]


def test_twenty_threads_register_one_person(app: Flask, clock: FakeClock) -> None:
    """A double click, a retry and a proxy together make one member, one company and one profile."""
    start, done = threading.Barrier(20), []

    def run() -> None:
        start.wait()
        with app.app_context():
            done.append(register("7001", JIWON, "SELF", clock()))

    threads = [threading.Thread(target=run) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with app.app_context():
        assert len(done) == 20
        assert len({(one.member_ref, one.company_ref) for one in done}) == 1
        assert sum(one.made for one in done) == 1
        assert (rows("members"), rows("companies")) == (1, 1)
        assert registering.profile_of(members.of_host("7001")) == KEPT  # type: ignore[arg-type]


def test_every_fault_is_told_at_once(app: Flask, clock: FakeClock) -> None:
    """Each wrong field is named with a reason and without its value, and nothing is kept, not even a key."""
    wrong = {
        "email": "nobody",
        "login_id": "900101-1234567",
        "company_name": "4539 5787 6362 1486",
        "business_registration_number": "789-81-01311",
        "personal_contact": "119",
        "birthday": "1990-01-01",
    }
    with app.app_context():
        with pytest.raises(ProfileFaults) as refusal:
            register("", wrong, "SELF", clock())

        assert {fault.field for fault in refusal.value.faults} == {"host_id", *wrong}
        assert not any(value in str(refusal.value) for value in wrong.values())
        assert (rows("members"), rows("companies"), keys()) == (0, 0, 0)


@pytest.mark.parametrize(
    "item", ["email", "login_id", "company_name", "business_registration_number", "personal_contact", "host_id"]
)
@pytest.mark.parametrize("number", ["4539578763621486", "900101-1234567"], ids=["card", "resident"])
def test_forbidden_numbers_are_refused_in_every_field(app: Flask, clock: FakeClock, item: str, number: str) -> None:
    """A card number or a resident registration number is kept nowhere."""
    fields = profile(**({item: number} if item != "host_id" else {}))
    with app.app_context():
        with pytest.raises(ProfileFaults) as refusal:
            register(number if item == "host_id" else "7001", fields, "SELF", clock())

        assert [fault.field for fault in refusal.value.faults] == [item]


@pytest.mark.parametrize(("number", "kind"), [(GAON, "CORPORATE"), (TRADER, "SOLE_TRADER")])
def test_a_company_is_known_by_its_number(app: Flask, clock: FakeClock, number: str, kind: str) -> None:
    """Colleagues share one company, whose kind is read from its number and whose facts are sealed under its own key."""
    with app.app_context():
        first = register("7001", profile(business_registration_number=number), "SELF", clock())
        second = register(
            "7002",
            profile(email="b@gaon.example", business_registration_number=number.replace("-", "")),
            "SELF",
            clock(),
        )

        company = registering.company_numbered(f" {number} ")

        assert company is not None
        assert first.company_ref == second.company_ref == company.ref
        assert company.kind == kind
        assert registering.company_of(company) == {
            "company_name": "가온유통(주)",
            "business_registration_number": number,
        }
        assert registering.company_numbered("000-00-00000") is None


def test_a_member_known_from_a_consent_is_filled_in(app: Flask, clock: FakeClock) -> None:
    """The first consent makes a member without a profile; a registration afterwards keeps the same reference."""
    with app.app_context():
        with writing():
            ref = members.meet("7001", members.new_ref(), clock()).ref
        known = members.of_host("7001")
        assert known is not None
        assert (known.sealed, known.source, registering.profile_of(known)) == (None, "HOST", {})

        done = register("7001", JIWON, "SELF", clock())

        assert (done.member_ref, done.made) == (ref, True)
        assert consenting.asked_of("7001", clock()).items


def test_a_change_is_sealed_and_found(app: Flask, clock: FakeClock) -> None:
    """After a change the new address is found, the old one is not, and what was is told beside what is."""
    with app.app_context():
        done = register("7001", JIWON, "SELF", clock())

        changed = registering.change(
            done.member_ref, {"email": "jiwon@new.example", "personal_contact": ""}, clock() + timedelta(hours=1)
        )

        assert changed.before == KEPT
        assert changed.after == {item: text for item, text in KEPT.items() if item != "personal_contact"} | {
            "email": "jiwon@new.example"
        }
        assert registering.of_email(JIWON["email"]) == []
        assert [member.ref for member in registering.of_email("jiwon@new.example")] == [done.member_ref]
        assert registering.found_by("personal_contact", JIWON["personal_contact"]) == []


def test_a_change_of_company_moves_the_member(app: Flask, clock: FakeClock) -> None:
    """Another business registration number is another company."""
    with app.app_context():
        done = register("7001", JIWON, "SELF", clock())

        registering.change(
            done.member_ref, {"company_name": "한빛상사", "business_registration_number": TRADER}, clock()
        )

        moved = members.of_ref(done.member_ref)
        assert moved is not None
        assert moved.company_ref != done.company_ref
        assert companies.of_ref(str(moved.company_ref)).kind == "SOLE_TRADER"  # type: ignore[union-attr]


def test_a_change_is_judged_like_a_registration(app: Flask, clock: FakeClock) -> None:
    """An address cannot be taken out, a wrong one is refused, and an unknown member is said to be unknown."""
    with app.app_context():
        done = register("7001", JIWON, "SELF", clock())

        for changes in ({"email": ""}, {"email": "x"}, {"shoe_size": "270"}):
            with pytest.raises(ProfileFaults):
                registering.change(done.member_ref, changes, clock())
        with pytest.raises(LookupError):
            registering.change("nobody", {}, clock())


def test_a_blob_opens_in_its_own_row_only(app: Flask, clock: FakeClock) -> None:
    """One person's blob put into another's row, or another column's place, is refused."""
    with app.app_context():
        one = register("7001", JIWON, "SELF", clock())
        two = register("7002", profile(email="minho@gaon.example"), "SELF", clock())
        blob = members.of_ref(one.member_ref).sealed  # type: ignore[union-attr]
        with writing():
            members.keep_profile(two.member_ref, {"sealed": blob}, clock())

        with pytest.raises(ProfileBroken, match="another key"):
            registering.profile_of(members.of_ref(two.member_ref))  # type: ignore[arg-type]
        with pytest.raises(ProfileBroken, match="belongs elsewhere"):
            person_keys.seal_of(one.member_ref).open("members", "other", blob or b"")


def test_a_destroyed_key_ends_the_profile(app: Flask, clock: FakeClock) -> None:
    """After its key is gone the row opens no more, lists leave it out, and the id cannot be registered again."""
    with app.app_context():
        done = register("7001", JIWON, "SELF", clock())
        person_keys.destroy(done.member_ref, clock())

        member = members.of_ref(done.member_ref)
        assert member is not None
        with pytest.raises(KeyDestroyed):
            registering.profile_of(member)
        assert registering.profiles_of([member]) == {}
        with pytest.raises(KeyDestroyed):
            register("7001", JIWON, "SELF", clock())


def test_a_failure_after_the_key_is_healed_by_a_repeat(
    app: Flask, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the main store fails after the keys were made, nothing is registered; the next try succeeds."""
    with app.app_context():
        with monkeypatch.context() as broken:
            broken.setattr(members, "keep_profile", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
            with pytest.raises(OSError, match="disk"):
                register("7001", JIWON, "SELF", clock())
        assert (rows("members"), rows("companies"), keys()) == (0, 0, 2)

        register("7001", JIWON, "SELF", clock())

        assert (rows("members"), rows("companies"), keys()) == (1, 1, 4)
        assert db.session.scalar(text("SELECT 1")) == 1
        assert SubjectKey.__bind_key__ == "keys"
