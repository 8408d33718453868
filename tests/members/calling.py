"""The host's program, as a test plays it: signs with the shared key and sends to the portal."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from portal.vault.calls import HEADER, signature

PATH = "/api/members"
TOLD = {
    "host_id": "7001",
    "email": "jiwon.seo@gaon.example",
    "login_id": "jiwon-the-sample",
    "company_name": "가온유통(주)",
    "business_registration_number": "789-81-01310",
    "personal_contact": "010-1234-5678",
}


class Host:
    """Calls the portal at the time of a clock."""

    def __init__(self, app: Flask, at: datetime) -> None:
        self.app, self.at = app, at

    def sign(self, body: bytes, path: str = PATH, method: str = "POST", age_s: int = 0) -> str:
        key: bytes = self.app.extensions["portal.secrets"].api_key
        return signature(key, method, path, int((self.at - timedelta(seconds=age_s)).timestamp()), body)

    def register(self, told: Mapping[str, Any] | bytes, **headers: str) -> TestResponse:
        body = told if isinstance(told, bytes) else json.dumps(dict(told)).encode()
        sent = {"Content-Type": "application/json", HEADER: self.sign(body), **headers}
        return self.app.test_client().post(PATH, data=body, headers=sent)
