"""The form of a legal hold: whom it protects and for which case."""

from dataclasses import dataclass

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.forms.handlers import Form

CASE_LENGTH, WHO_LENGTH = 100, 254


@dataclass
class Holding(Form):
    """A hold to be placed; without `who` the page has said whom."""

    who: str = ""
    case: str = ""

    @classmethod
    def read(cls, sent: MultiDict[str, str], *, names_whom: bool = False) -> "Holding":
        form = cls()
        if names_whom:
            form.who = form.text(sent, "who", WHO_LENGTH, gettext("회원의 이메일이나 아이디를 적어 주세요."))
        form.case = form.text(sent, "case", CASE_LENGTH, gettext("사건번호나 문서번호를 적어 주세요."))
        return form
