"""What is known of a member: which items may be given, which must be, and in what form they are kept."""

from collections.abc import Collection, Mapping

from portal.policy.model import Text
from portal.rules.forbidden import forbidden
from portal.rules.identifier import INVISIBLE, NEEDED, NORMALISED, TOO_LONG, IdentifierFault

ITEMS = tuple(NORMALISED)  # the policy's items that a member or an employer gives (Article 2)
SEARCHED = ("email", "login_id", "personal_contact")
NEEDED_AT_SIGN_UP = ("email",)
HOST_ID_LENGTH = 200

NOT_AN_ITEM = Text(ko="받지 않는 항목이에요.", en="This is not an item that is taken.")
OUTER_SPACE = Text(ko="앞이나 뒤에 빈칸이 있어요.", en="There is a space before or after it.")


class ProfileFaults(ValueError):
    """Some fields cannot be kept; `faults` names each with its reason, and none with its value."""

    def __init__(self, faults: Collection[IdentifierFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(str(fault) for fault in self.faults))


def judged(fields: Mapping[str, str], needed: Collection[str] = NEEDED_AT_SIGN_UP) -> dict[str, str]:
    """Return the items of a profile in the form in which they are kept; an empty one is left out.

    A business registration number needs the company's name beside it. Raises ProfileFaults with every fault.
    """
    faults = [IdentifierFault(field, NOT_AN_ITEM) for field in fields if field not in NORMALISED]
    profile = {}
    for item in ITEMS:
        text = fields.get(item, "")
        try:
            if text.strip():
                profile[item] = NORMALISED[item](text)
            elif item in needed or (item == "company_name" and fields.get("business_registration_number", "").strip()):
                faults.append(IdentifierFault(item, NEEDED))
        except IdentifierFault as fault:
            faults.append(fault)
    if faults:
        raise ProfileFaults(faults)
    return profile


def host_id_fault(text: str) -> Text | None:
    """Return why `text` cannot be the host's id of a member, or None. It is compared sign by sign, so it is never
    brought into another form."""
    if not text:
        return NEEDED
    if len(text) > HOST_ID_LENGTH:
        return TOO_LONG
    if not text.isprintable():
        return INVISIBLE
    return OUTER_SPACE if text != text.strip() else forbidden(text)
