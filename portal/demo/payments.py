"""The sample's payment step: a card is registered with the payment service, which alone keeps it.

The order is its safety: the guard is asked before anything is sent, and what the payment service gives back, a token,
is all that is ever stored here.
"""

from __future__ import annotations

import re
import secrets

from flask import Flask, redirect, render_template, request, url_for
from flask_login import current_user, login_required
from werkzeug.wrappers import Response as AnyResponse

from portal.guard import NotAllowed, disclose

from .members import SampleMembers

ITEMS = ("card_number", "card_expiry", "business_registration_number")
NUMBER = re.compile(r"[0-9]{13,19}")
EXPIRY = re.compile(r"(0[1-9]|1[0-2])/[0-9]{2}")
BETWEEN = str.maketrans("", "", " -")
WHY = {  # what the guard says, in the words of this service
    "NO_CONSENT": "결제에 필요한 동의가 없습니다. 아래 '내 개인정보'에서 동의 항목에 답해 주세요.",
    "WITHDRAWN": "동의를 철회하셔서 카드 정보를 보낼 수 없습니다.",
    "SUSPENDED": "개인정보 처리가 정지되어 있습니다. 아래 '내 개인정보'에서 다시 열 수 있습니다.",
}
OTHERWISE = "카드 정보를 보낼 곳이 지금은 등록되어 있지 않습니다. 잠시 뒤에 다시 하거나 고객지원에 알려 주세요."


class SamplePaymentService:
    """Stands in for the payment service: takes a card, gives a token, and forgets the rest at once."""

    def register(self, number: str, expiry: str, business_number: str) -> str:
        """Return a token for the card."""
        return f"tok_{secrets.token_hex(12)}"


def add_payment(app: Flask, members: SampleMembers, service: SamplePaymentService) -> None:
    """Give the sample its payment page."""

    @app.get("/payment")
    @login_required
    def payment() -> str:
        return render_template("payment.html", token=members.card_of(current_user.id), faults={})

    @app.post("/payment")
    @login_required
    def register_card() -> tuple[str, int] | AnyResponse:
        number = request.form.get("number", "").translate(BETWEEN)
        expiry = request.form.get("expiry", "").strip()
        faults = {}
        if not NUMBER.fullmatch(number):
            faults["number"] = "카드 번호를 숫자 13-19자리로 적어 주세요."
        if not EXPIRY.fullmatch(expiry):
            faults["expiry"] = "유효기간을 월/년으로 적어 주세요. 예: 08/29"
        if faults:  # the number is never sent back to the page
            return render_template("payment.html", token=None, faults=faults), 422
        try:
            disclose(current_user.id, "kicc", ITEMS, "payment", reference=f"card-{secrets.token_hex(12)}")
        except NotAllowed as refused:
            return _refused(refused.code)
        token = service.register(number, expiry, members.business_number_of(current_user.id))
        members.keep_card(current_user.id, token)
        return redirect(url_for("payment"), 303)

    @app.post("/payment/end")
    @login_required
    def forget_card() -> AnyResponse:
        members.forget_card(current_user.id)
        return redirect(url_for("payment"), 303)


def _refused(code: str) -> tuple[str, int]:
    return render_template("payment_refused.html", why=WHY.get(code, OTHERWISE)), 403
