"""What the host may send, and what it hears back. The same structures judge a call and describe it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from portal.policy.model import Text
from portal.rules.disclosure import MOST_ITEMS, NAME, REFERENCE
from portal.rules.identifier import EMAIL_LENGTH, LOGIN_LENGTH, NAME_LENGTH, NEEDED, NUMBER_LENGTH, IdentifierFault
from portal.rules.profile import HOST_ID_LENGTH, NOT_AN_ITEM

OF_ANOTHER_KIND = Text(
    ko="정해진 형식의 값이 아니에요. API 문서를 확인해 주세요.", en="This is not a value of the described kind."
)


class NewMember(Struct, frozen=True, forbid_unknown_fields=True):
    """What the host's sign-up tells of a member. A card number or a resident registration number in any field is
    refused; an empty text is the same as leaving the field out."""

    host_id: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=HOST_ID_LENGTH,
            description="The host's own id of the member: the same text that its session names",
            examples=["7001"],
        ),
    ]
    email: Annotated[
        str, Meta(min_length=1, max_length=EMAIL_LENGTH, description="E-mail address", examples=["minji@gaon.example"])
    ]
    login_id: Annotated[
        str, Meta(max_length=LOGIN_LENGTH, description="The ID that the member signs in with", examples=["minji-kim"])
    ] = ""
    company_name: Annotated[
        str,
        Meta(max_length=NAME_LENGTH, description="Company; needed beside its number", examples=["가온유통"]),
    ] = ""
    business_registration_number: Annotated[
        str,
        Meta(
            max_length=NUMBER_LENGTH,
            description="Business registration number of the company, its check digit being right",
            examples=["789-81-01310"],
        ),
    ] = ""
    personal_contact: Annotated[
        str,
        Meta(
            max_length=EMAIL_LENGTH,
            description="Where the member is reached after leaving the company: telephone number or e-mail address",
            examples=["010-1234-5678", "minji@home.example"],
        ),
    ] = ""
    source: Annotated[
        Literal["self", "employer"], Meta(description="Who gave the data: the member, or the member's company")
    ] = "self"


class RegisteredMember(Struct, frozen=True):
    """The member is registered. The same call again is answered with the same."""

    member_ref: Annotated[str, Meta(description="The portal's opaque reference of the member")]
    company_ref: Annotated[str | None, Meta(description="The same of the member's company, when its number was told")]


class WantedDisclosure(Struct, frozen=True, forbid_unknown_fields=True):
    """What is about to be sent to a processor or a third party: names of fields, never a value. Ask before sending, and
    send only after a yes."""

    host_id: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=HOST_ID_LENGTH,
            description="The host's own id of the member whose data it is",
            examples=["7001"],
        ),
    ]
    processor: Annotated[
        str, Meta(pattern=NAME, description="Who would receive it, by the key of the register", examples=["kicc"])
    ]
    items: Annotated[
        list[Annotated[str, Meta(pattern=NAME)]],
        Meta(
            min_length=1,
            max_length=MOST_ITEMS,
            description="What would be sent, by the keys of the policy's items",
            examples=[["card_number", "card_expiry"]],
        ),
    ]
    purpose: Annotated[
        str, Meta(pattern=NAME, description="What for, by the key of the policy's purpose", examples=["payment"])
    ]
    reference: Annotated[
        str,
        Meta(
            pattern=REFERENCE,
            description="The host's own name for this one sending. The same name again is answered the same",
            examples=["charge-2026-11-0001"],
        ),
    ]


class AllowedDisclosure(Struct, frozen=True):
    """It may be sent, now. The ledger has it."""

    reference: Annotated[str, Meta(description="The reference that was asked about")]
    at: Annotated[datetime, Meta(description="When this was first allowed")]


class FieldProblem(Struct, frozen=True):
    """One field that cannot be taken."""

    pointer: Annotated[str, Meta(description="Where it stands in the body: a JSON Pointer as a URI fragment")]
    detail: Annotated[str, Meta(description="Why, in the language of Accept-Language (ko or en), without the value")]


class Problem(Struct, frozen=True, omit_defaults=True):
    """Why a call was refused (RFC 9457). Nothing was changed."""

    type: str
    title: str
    status: int
    detail: str | None = None
    code: str | None = None
    errors: list[FieldProblem] | None = None
    instance: str | None = None


class Unreadable(ValueError):
    """The body is not one JSON object with each name once."""


def facts_of(body: bytes) -> dict[str, Any]:
    """Return the object that a body holds. Raises Unreadable."""
    try:
        msgspec.json.decode(body)  # strict: UTF-8, no lone surrogate, no NaN
        facts = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise Unreadable from error
    if not isinstance(facts, dict):
        raise Unreadable
    return facts


def kind_faults(facts: Mapping[str, Any], kind: type[Struct] = NewMember) -> dict[str, IdentifierFault]:
    """Return by name what `kind` does not take: all of it, where decoding the whole would stop at the first."""
    known = {field.name: field for field in msgspec.structs.fields(kind)}
    faults = {name: IdentifierFault(name, NOT_AN_ITEM) for name in facts if name not in known}
    for name, field in known.items():
        if name not in facts:
            if field.required:
                faults[name] = IdentifierFault(name, NEEDED)
            continue
        try:
            msgspec.convert(facts[name], field.type)
        except msgspec.ValidationError:
            faults[name] = IdentifierFault(name, NEEDED if facts[name] == "" else OF_ANOTHER_KIND)
    return faults


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that stands twice: two readers could take two different values from one signed body."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found
