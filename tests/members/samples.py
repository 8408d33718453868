"""Sample people and companies, plainly samples."""

GAON = "789-81-01310"  # a company
TRADER = "123-45-67891"  # a sole trader
JIWON = {
    "email": "jiwon.seo@gaon.example",
    "login_id": "jiwon-the-sample",
    "company_name": "가온유통(주)",
    "business_registration_number": GAON,
    "personal_contact": "010-1234-5678",
}
KEPT = {**JIWON, "personal_contact": "+821012345678"}


def profile(**changes: str) -> dict[str, str]:
    """Return Jiwon's profile with some items changed."""
    return {**JIWON, **changes}
