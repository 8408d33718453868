"""A Django project with its sessions behind the gate: the adapter's rules, and the whole on a real server."""

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import django
import pytest
from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse

from middleware import identity

from .conftest import GateStore
from .serving import Asked, Counted, served

KEY, OLD_KEY = "the-secret-key-of-the-sample-project", "the-older-key-of-the-sample-project"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def whom(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"안녕하세요, {request.user.pk}".encode())


def upload(request: HttpRequest) -> JsonResponse:
    sent = request.FILES["file"].read() if request.FILES else request.body
    return JsonResponse({"bytes": len(sent), "sha256": hashlib.sha256(sent).hexdigest()})


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse((b"line %d\n" % number for number in range(1000)), content_type="text/plain")


def file(request: HttpRequest) -> FileResponse:
    return FileResponse((Path(settings.MEDIA_ROOT) / "report.bin").open("rb"), as_attachment=True, filename="비용.bin")


def boom(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


def remember(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("two cookies")
    response.set_cookie("one", "1")
    response.set_cookie("two", "2", httponly=True)
    return response


urlpatterns: list[Any] = []


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Django project with users, sessions in its database and a few views."""
    if not settings.configured:  # Django is configured once per process
        folder = tmp_path_factory.mktemp("django")
        settings.configure(
            SECRET_KEY=KEY,
            SECRET_KEY_FALLBACKS=[],
            ALLOWED_HOSTS=["*"],
            ROOT_URLCONF=__name__,
            INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
            MIDDLEWARE=[
                "django.contrib.sessions.middleware.SessionMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
            ],
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "host.db"}},
            PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # a test need not wait
            LOGGING_CONFIG=None,
            MEDIA_ROOT=str(folder),
            USE_TZ=True,
        )
        django.setup()
        from django.core.management import call_command
        from django.urls import path

        call_command("migrate", verbosity=0)
        (folder / "report.bin").write_bytes(bytes(range(256)) * 500)
        pages = {"": whom, "upload": upload, "stream": stream, "file": file, "boom": boom, "cookies": remember}
        urlpatterns.extend(path(name, view) for name, view in pages.items())
    from django.core.wsgi import get_wsgi_application

    yield get_wsgi_application()
    from django.db import connections

    connections.close_all()


@pytest.fixture
def user(project: Any) -> Iterator[Any]:
    """A user of the project, who is deleted after the test."""
    from django.contrib.auth.models import User

    user = User.objects.create_user("kim", password="sample")
    yield user
    User.objects.filter(pk=user.pk).delete()


def signed_in(user: Any, lifetime_s: int | None = None, **changed: Any) -> str:
    """Return the session cookie of a user who has signed in; `changed` replaces what the session says."""
    from importlib import import_module

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = BACKEND
    session["_auth_user_hash"] = user.get_session_auth_hash()
    for name, value in changed.items():
        session[name] = value
    if lifetime_s is not None:
        session.set_expiry(lifetime_s)
    session.save()
    return f"sessionid={session.session_key}"


def seen(cookie: str) -> str | None:
    """Return whom the adapter sees behind a Cookie header."""
    return identity.django_session()({"HTTP_COOKIE": cookie})


def seen_by_host(project: Any, cookie: str) -> str | None:
    """Return whom the project itself sees behind a Cookie header."""
    environ: dict[str, Any] = {"HTTP_COOKIE": cookie}
    setup_testing_defaults(environ)
    response = project(environ, lambda status, headers, exc_info=None: None)
    body = b"".join(response).decode()
    response.close()
    found = re.fullmatch(r"안녕하세요, (.*)", body)
    assert found is not None, body
    return None if found[1] == "None" else found[1]


def test_a_session_names_its_user(user: Any) -> None:
    """The user of a session is told by the key under which Django keeps it."""
    assert seen(signed_in(user)) == str(user.pk)


def test_a_session_ended_on_the_server_is_nobody(user: Any) -> None:
    """A session that was deleted is nobody's at the next request."""
    from django.contrib.sessions.models import Session

    cookie = signed_in(user)
    assert seen(cookie) == str(user.pk)

    Session.objects.all().delete()

    assert seen(cookie) is None


def test_an_expired_session_is_nobody(user: Any) -> None:
    """A session past its end is nobody's."""
    assert seen(signed_in(user, lifetime_s=-1)) is None


def test_a_new_password_ends_the_session(user: Any) -> None:
    """A session made with the former password is nobody's, and is left for Django itself to flush."""
    from django.contrib.sessions.models import Session

    cookie = signed_in(user)

    user.set_password("another sample")
    user.save()

    assert seen(cookie) is None
    assert Session.objects.filter(pk=cookie.partition("=")[2]).exists()


def test_a_session_of_a_fallback_key_is_kept(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session hashed with a key that is being rotated out is good, and the adapter does not cycle it."""
    from django.contrib.sessions.models import Session

    monkeypatch.setattr(settings, "SECRET_KEY", OLD_KEY)
    cookie = signed_in(user)
    monkeypatch.setattr(settings, "SECRET_KEY", KEY)
    assert seen(cookie) is None
    monkeypatch.setattr(settings, "SECRET_KEY_FALLBACKS", [OLD_KEY])

    assert seen(cookie) == str(user.pk)
    assert Session.objects.filter(pk=cookie.partition("=")[2]).exists()


def test_an_inactive_user_is_nobody(user: Any) -> None:
    """A user who was deactivated is nobody, as Django's own backend has it."""
    cookie = signed_in(user)

    user.is_active = False
    user.save()

    assert seen(cookie) is None


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"_auth_user_hash": "0" * 64}, id="wrong hash"),
        pytest.param({"_auth_user_hash": ""}, id="no hash"),
        pytest.param({"_auth_user_backend": "elsewhere.Backend"}, id="backend not configured"),
        pytest.param({"_auth_user_backend": None}, id="no backend"),
        pytest.param({"_auth_user_id": "999999"}, id="user gone"),
        pytest.param({"_auth_user_id": "not a number"}, id="id is no number"),
        pytest.param({"_auth_user_id": None}, id="no id"),
    ],
)
def test_a_session_that_proves_nothing_is_nobody(user: Any, changed: dict[str, Any]) -> None:
    """A session with a wrong proof, an unknown backend or user, or no id is nobody's."""
    assert seen(signed_in(user, **changed)) is None


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("C", id="alone"),
        pytest.param("bad name=1; C", id="a name with a space first"),
        pytest.param("a=\xff; C", id="a byte that is not UTF-8"),
        pytest.param("sessionid=x; C", id="forged then good"),
        pytest.param("C; sessionid=x", id="good then forged"),
        pytest.param("C; sessionid=", id="good then empty"),
        pytest.param("\xa0C", id="no-break space"),
        pytest.param("a=1, C", id="comma"),
        pytest.param("=1;;; C", id="nameless"),
        pytest.param("Sessionid=x", id="other case"),
        pytest.param("sessionid=" + "x" * 60_000, id="60 KB"),
        pytest.param("sessionid=../../etc/passwd", id="path"),
        pytest.param("sessionid='; DROP TABLE auth_user; --", id="SQL"),
        pytest.param("sessionid", id="name alone"),
        pytest.param("", id="empty"),
    ],
)
def test_the_adapter_sees_whom_django_sees(project: Any, user: Any, header: str) -> None:
    """For every odd header the adapter and the project agree."""
    header = header.replace("C", signed_in(user))

    assert seen(header) == seen_by_host(project, header)


def test_a_header_that_no_server_sends_is_nobody(user: Any) -> None:
    """A Cookie header with characters outside Latin-1, as a broken server may pass on, is nobody's."""
    assert seen(f"a=\ufffd; {signed_in(user)}") is None


def test_a_user_without_a_session_hash_is_taken_as_django_takes_it(
    user: Any, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the host's users carry no session hash, Django asks for none, and neither does the adapter."""
    from django.contrib.auth.base_user import AbstractBaseUser

    cookie = signed_in(user, _auth_user_hash="")
    assert seen(cookie) is None

    monkeypatch.delattr(AbstractBaseUser, "get_session_auth_hash")

    assert seen(cookie) == seen_by_host(project, cookie) == str(user.pk)


def test_a_header_full_of_escapes_costs_nothing(user: Any) -> None:
    """A header of escaped quotes, slow to unquote on older Pythons, is refused at once."""
    assert seen(f'a="{chr(92)}"{chr(92) * 65}"; {signed_in(user)}') is None


def test_a_key_of_the_hosts_own_is_read(user: Any) -> None:
    """With a session key of the host's own, that value is the member."""
    identify = identity.django_session("account")

    assert identify({"HTTP_COOKIE": signed_in(user, account="kim-17")}) == "kim-17"
    assert identify({"HTTP_COOKIE": signed_in(user)}) is None


def test_signed_cookie_sessions_are_read(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With sessions kept in signed cookies the user is told the same, and a tampered cookie is nobody's."""
    monkeypatch.setattr(settings, "SESSION_ENGINE", "django.contrib.sessions.backends.signed_cookies")
    cookie = signed_in(user)

    assert seen(cookie) == str(user.pk)
    assert seen(cookie[:-1] + ("A" if cookie[-1] != "A" else "B")) is None


def test_a_broken_session_store_is_told(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the session store cannot be read the exception comes out instead of an answer."""
    from django.contrib.sessions.backends.db import SessionStore

    def down(self: Any) -> None:
        raise ConnectionError("the database is down")

    cookie = signed_in(user)
    monkeypatch.setattr(SessionStore, "_get_session_from_db", down)

    with pytest.raises(ConnectionError):
        seen(cookie)


MULTIPART = (
    b'--cut\r\nContent-Disposition: form-data; name="file"; filename="costs.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n" + bytes(range(256)) * 400 + b"\r\n--cut--\r\n"
)
CONVERSATION = [
    Asked("GET", "/"),
    Asked("HEAD", "/"),
    Asked("POST", "/upload", {"Content-Type": "multipart/form-data; boundary=cut"}, MULTIPART),
    Asked("PUT", "/upload", {"Content-Type": "application/octet-stream"}, bytes(range(256)) * 1000),
    Asked("GET", "/stream"),
    Asked("GET", "/file"),
    Asked("HEAD", "/file"),
    Asked("GET", "/file", {"Range": "bytes=0-9"}),
    Asked("GET", "/cookies"),
    Asked("GET", "/boom"),
    Asked("GET", "/missing/%00%ff"),
    Asked("GET", "//double"),
]


def test_a_consented_member_gets_what_the_bare_project_gives(
    project: Any, user: Any, gated: Callable[..., Any], gate_store: GateStore
) -> None:
    """Uploads, streams, files, HEAD and errors: status, headers and body are the same to the byte."""
    headers = {"Cookie": signed_in(user)}
    gate_store.stand(str(user.pk))

    with served(project) as server:
        bare = server.talk(CONVERSATION, headers)
    with served(gated(project, identity.django_session())) as server:
        behind = server.talk(CONVERSATION, headers)

    for asked, one, other in zip(CONVERSATION, bare, behind, strict=True):
        assert other == one, asked
    assert [answer.status for answer in bare] == [200, 200, 200, 200, 200, 200, 200, 200, 200, 500, 404, 404]


def test_everybody_else_gets_nothing(project: Any, user: Any, gated: Callable[..., Any]) -> None:
    """Without standing, or without a session, the project is not called once."""
    counted = Counted(project)

    with served(gated(counted, identity.django_session())) as server:
        answers = server.talk(CONVERSATION, {"Cookie": signed_in(user)}) + server.talk(CONVERSATION)

    assert counted.calls == 0
    assert {answer.status for answer in answers} == {403}


def test_both_sides_keep_the_protocol(
    project: Any, user: Any, gated: Callable[..., Any], gate_store: GateStore
) -> None:
    """`wsgiref.validate` has nothing to say about the gate, neither as an application nor as a server."""
    gate_store.stand(str(user.pk))

    with served(validator(gated(validator(project), identity.django_session()))) as server:
        answers = server.talk(CONVERSATION, {"Cookie": signed_in(user)})

    assert answers[0].status == 200
    assert [fault for fault in server.faults if "AssertionError" in fault] == []
