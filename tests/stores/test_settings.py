"""The settings: read whole, checked whole, told whole."""

import dataclasses
from pathlib import Path

import pytest

from portal.settings import SAMPLE, ConfigurationError, Settings, env_name


def faults_of(**environ: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refusal:
        Settings.from_environ(environ)
    return list(refusal.value.faults)


def test_nothing_said_is_one_box_on_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any variable the portal wraps the sample, runs on files under instance/, drains by itself and trusts no
    proxy."""
    monkeypatch.chdir(tmp_path)

    assert Settings.from_environ({}) == Settings(
        instance=tmp_path / "instance",
        main_store=f"sqlite:///{tmp_path}/instance/portal.db",
        keys_store=f"sqlite:///{tmp_path}/instance/keys.db",
        access_store=f"sqlite:///{tmp_path}/instance/access",
        separated_store=f"sqlite:///{tmp_path}/instance/separated.db",
        journal=tmp_path / "instance" / "journal",
        host_app=None,
        identity="flask_session",
        exempt=("/login", "/logout", "/healthz", "/static/"),
        login_url="/login",
        logout_url="/logout",
        trusted_proxies=(),
        forwarded_header="X-Forwarded-For",
        public_url="http://127.0.0.1:8000",
        tls=False,
        drain="thread",
        drain_interval_s=1.0,
        jobs="thread",
        language="ko",
        host_map=SAMPLE["host_map"],
        host_store=f"sqlite:///{tmp_path}/instance/sample-matecost.db",
        objection_days=3,
        two_approvals_above=10,
    )


def test_everything_said_is_taken() -> None:
    """Each variable gives its field."""
    settings = Settings.from_environ(
        {
            "PORTAL_INSTANCE": "/srv/portal",
            "PORTAL_MAIN_STORE": "postgresql://portal@db.example/main",
            "PORTAL_KEYS_STORE": "postgresql+psycopg://portal@keys.example/keys",
            "PORTAL_SEPARATED_STORE": "postgresql://portal@apart.example/separated",
            "PORTAL_ACCESS_STORE": "postgres://portal@db.example/access",
            "PORTAL_JOURNAL": "/var/lib/journal",
            "MATECOST_APP": "matecost.wsgi:application",
            "PORTAL_IDENTITY": "matecost.identity:member_of",
            "PORTAL_EXEMPT": "/login, /healthz,/static/",
            "PORTAL_LOGIN_URL": "/login",
            "PORTAL_LOGOUT_URL": "https://id.example/logout",
            "PORTAL_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
            "PORTAL_FORWARDED_HEADER": "X-Real-IP",
            "PORTAL_PUBLIC_URL": "https://cost.example/",
            "PORTAL_DRAIN": "thread",
            "PORTAL_DRAIN_INTERVAL_S": "0.5",
            "PORTAL_HOST_MAP": "/srv/host_map.toml",
            "PORTAL_HOST_STORE": "postgresql://portal@db.example/host",
            "PORTAL_CONNECTED": "/srv/connected.toml",
            "PORTAL_SMTP_URL": "smtps://portal:secret@mail.example",
            "PORTAL_MAIL_FROM": "privacy@cloudmate.example",
            "PORTAL_OBJECTION_DAYS": "4",
            "PORTAL_TWO_APPROVALS_ABOVE": "25",
            "PORTAL_LANGUAGE": "en",
            "HOME": "/root",
        }
    )

    assert settings == Settings(
        instance=Path("/srv/portal"),
        main_store="postgresql+psycopg://portal@db.example/main",
        keys_store="postgresql+psycopg://portal@keys.example/keys",
        access_store="postgresql+psycopg://portal@db.example/access",
        separated_store="postgresql+psycopg://portal@apart.example/separated",
        journal=Path("/var/lib/journal"),
        host_app="matecost.wsgi:application",
        identity="matecost.identity:member_of",
        exempt=("/login", "/healthz", "/static/"),
        login_url="/login",
        logout_url="https://id.example/logout",
        trusted_proxies=("10.0.0.0/8", "::1/128"),
        forwarded_header="X-Real-IP",
        public_url="https://cost.example",
        tls=True,
        drain="thread",
        drain_interval_s=0.5,
        jobs="off",
        language="en",
        host_map=Path("/srv/host_map.toml"),
        host_store="postgresql+psycopg://portal@db.example/host",
        connected=Path("/srv/connected.toml"),
        smtp_url="smtps://portal:secret@mail.example",
        mail_from="privacy@cloudmate.example",
        objection_days=4,
        two_approvals_above=25,
    )


def test_an_empty_value_is_no_value() -> None:
    """A variable that is set to nothing, as in an .env file, leaves the default; a list of nothing is empty."""
    settings = Settings.from_environ({"PORTAL_EXEMPT": " , ", "PORTAL_LOGIN_URL": "", "PORTAL_LANGUAGE": " "})

    assert (settings.exempt, settings.login_url, settings.language) == ((), "/login", "ko")


def test_nothing_of_another_host_is_exempt_by_itself() -> None:
    """The sample's open paths are the sample's; of a wrapped app nothing is open unless it is named."""
    settings = Settings.from_environ({"MATECOST_APP": "matecost.wsgi:application"})

    assert (settings.exempt, settings.login_url, settings.logout_url) == ((), None, None)


@pytest.mark.parametrize(
    "identity",
    ["django_session", "flask_session:member_id", "trusted_header:X-User", "remote_user", "matecost.people:member_of"],
)
def test_every_way_to_know_a_member_is_taken(identity: str) -> None:
    """An identity is a name, a name with its key, or a callable of the host's."""
    assert Settings.from_environ({"PORTAL_IDENTITY": identity}).identity == identity


def test_on_postgres_the_drain_is_a_command() -> None:
    """Where access records are in PostgreSQL, several nodes drain by `portal access drain`, unless told otherwise."""
    settings = Settings.from_environ({"PORTAL_ACCESS_STORE": "postgresql://portal@db.example/access"})

    assert settings.drain == "off"


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("PORTAL_MAIN_STORE", "mysql://root@db.example/x", "got mysql; expected sqlite:///path or postgresql://"),
        ("PORTAL_MAIN_STORE", "postgresql://db.example", "names no database"),
        ("PORTAL_MAIN_STORE", "sqlite://", "a path on disk"),
        ("PORTAL_MAIN_STORE", "sqlite:///:memory:", "a path on disk"),
        ("PORTAL_MAIN_STORE", "sqlite:////tmp/a.db?mode=ro", "nothing after it"),
        ("PORTAL_MAIN_STORE", "sqlite:////tmp/100%25/a.db", "without % or ?"),
        ("PORTAL_KEYS_STORE", "portal.db", "cannot be read as a URL"),
        ("MATECOST_APP", "matecost", "expected package.module:callable"),
        ("PORTAL_IDENTITY", "cookies", "expected one of flask_session, trusted_header"),
        ("PORTAL_IDENTITY", "remote_user:x", "or package.module:callable"),
        ("PORTAL_IDENTITY", "trusted_header:X User", "or package.module:callable"),
        ("PORTAL_EXEMPT", "/", "would exempt every path"),
        ("PORTAL_EXEMPT", "login", "expected a path such as /login"),
        ("PORTAL_EXEMPT", "/a/../b", "expected a path such as /login"),
        ("PORTAL_LOGIN_URL", "//evil.example", "expected a path such as /login, or an http(s) URL"),
        ("PORTAL_LOGIN_URL", "javascript:alert(1)", "expected a path such as /login, or an http(s) URL"),
        ("PORTAL_TRUSTED_PROXIES", "10.0.0.0/33", "expected an address or a network"),
        ("PORTAL_TRUSTED_PROXIES", "proxy.example", "expected an address or a network"),
        ("PORTAL_FORWARDED_HEADER", "X_Forwarded_For", "in letters, digits and hyphens"),
        ("PORTAL_PUBLIC_URL", "cost.example", "expected http(s)://host with no path"),
        ("PORTAL_PUBLIC_URL", "https://cost.example/privacy", "expected http(s)://host with no path"),
        ("PORTAL_TLS", "yes", "expected on or off"),
        ("PORTAL_TLS", "on", "got on, but PORTAL_PUBLIC_URL is http://127.0.0.1:8000"),
        ("PORTAL_DRAIN", "on", "expected thread or off"),
        ("PORTAL_DRAIN_INTERVAL_S", "soon", "expected seconds between 0.01 and 3600"),
        ("PORTAL_DRAIN_INTERVAL_S", "nan", "expected seconds between 0.01 and 3600"),
        ("PORTAL_DRAIN_INTERVAL_S", "0", "expected seconds between 0.01 and 3600"),
        ("PORTAL_LANGUAGE", "fr", "expected ko or en"),
        ("PORTAL_OBJECTION_DAYS", "5", "expected a whole number of days between 1 and 4"),
        ("PORTAL_TWO_APPROVALS_ABOVE", "ten", "expected a whole number of people between 1 and 100000"),
        ("PORTAL_EXMEPT", "/login", "no such setting"),
    ],
)
def test_a_value_that_cannot_be_is_told(name: str, value: str, fault: str) -> None:
    """Each faulty value is named with what was got and what is expected."""
    (told,) = faults_of(**{name: value})

    assert told.startswith(f"{name}: ")
    assert fault in told


def test_every_fault_is_told_at_once() -> None:
    """An operator repairs once: faults of all variables, several of one, contradictions and unknown names."""
    told = faults_of(
        PORTAL_MAIN_STORE="sqlite:////srv/a.db",
        PORTAL_KEYS_STORE="sqlite:////srv/a.db",
        PORTAL_EXEMPT="/, /ok, b",
        PORTAL_LANGUAGE="fr",
        PORTAL_TLS="on",
        PORTAL_UNKNOWN="1",
    )

    assert [fault.partition(":")[0] for fault in told] == [
        "PORTAL_EXEMPT",
        "PORTAL_EXEMPT",
        "PORTAL_LANGUAGE",
        "PORTAL_KEYS_STORE",
        "PORTAL_TLS",
        "PORTAL_UNKNOWN",
    ]


def test_keys_lie_apart_from_what_they_open() -> None:
    """The keys store may be neither the main nor the access store, on either engine."""
    url = "postgresql://portal@db.example/all"

    assert len(faults_of(PORTAL_MAIN_STORE=url, PORTAL_KEYS_STORE=url, PORTAL_ACCESS_STORE=url)) == 2


def test_main_and_access_may_share_postgres_but_no_file() -> None:
    """On PostgreSQL one database may hold both; on SQLite the access store is a folder of its own."""
    url = "postgresql://portal@db.example/portal"
    assert Settings.from_environ({"PORTAL_MAIN_STORE": url, "PORTAL_ACCESS_STORE": url}).drain == "off"

    (told,) = faults_of(PORTAL_MAIN_STORE="sqlite:////srv/a", PORTAL_ACCESS_STORE="sqlite:////srv/a")
    assert told.startswith("PORTAL_ACCESS_STORE")


def test_no_text_shows_a_password() -> None:
    """Neither the settings nor a fault in a store URL repeats a password."""
    settings = Settings.from_environ({"PORTAL_MAIN_STORE": "postgresql://portal:pa55word@db.example/main"})
    (told,) = faults_of(PORTAL_MAIN_STORE="mysql://portal:pa55word@db.example/main")

    assert "pa55word" in settings.main_store
    assert "pa55word" not in repr(settings) + str(settings) + told
    assert "portal:***@db.example" in repr(settings)


def test_settings_are_frozen() -> None:
    """What was checked cannot be changed afterwards."""
    settings = Settings.from_environ({})

    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.tls = True  # type: ignore[misc]


def test_names_in_the_environment() -> None:
    """Every field is read from PORTAL_ and its name, the wrapped app from MATECOST_APP."""
    assert env_name("keys_store") == "PORTAL_KEYS_STORE"
    assert env_name("host_app") == "MATECOST_APP"


def test_the_password_of_the_mail_server_is_never_shown() -> None:
    """A text of the settings shows the mail server without its password, and a fault does not repeat it."""
    settings = Settings.from_environ({"PORTAL_SMTP_URL": "smtps://portal:secret@mail.example"})

    assert "mail.example" in repr(settings)
    assert "secret" not in repr(settings)
    assert "secret" not in faults_of(PORTAL_SMTP_URL="http://portal:secret@mail.example")[0]
