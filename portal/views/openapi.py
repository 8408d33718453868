"""The description of the API, OpenAPI 3.1: made of the structures that judge a call, so that it cannot tell another
story than they do."""

from typing import Any

import msgspec

from portal.forms.api import AllowedDisclosure, NewMember, Problem, RegisteredMember, WantedDisclosure
from portal.rules.disclosure import Reason
from portal.vault.calls import HEADER

INTRODUCTION = """\
For the programs of the host application. Each call is signed with the key that both share:
`Portal-Signature: t=<Unix seconds>,v1=<hex>`, where the hex digits are HMAC-SHA256 over four lines joined by a line
feed: the method, the address (path and query), the seconds, the SHA-256 of the body in hex. A signature is good for
five minutes. The same call again is answered with the same and changes nothing. A refusal's `detail` and `errors` say
what to do about it."""

REFUSALS = {  # status: when it is given
    "400": "The body is not one JSON object in UTF-8 with each name once",
    "401": "The signature is missing, wrong or too old",
    "413": "The body is larger than 16 KiB",
    "415": "The body is not application/json",
    "422": "Some fields cannot be taken; `errors` names all of them",
    "default": "The call failed for a reason of ours; nothing was changed, try again later",
}

FOREIGN = "The call carries the marks of a browser on another site"
OF_MEMBERS = {
    "403": FOREIGN,
    "409": "The id is registered with other data, or belonged to a member whose data was destroyed",
}
OF_DISCLOSURES = {
    "403": f"Nothing may be sent: `code` says why, one of {', '.join(Reason)}. Or: {FOREIGN[0].lower()}{FOREIGN[1:]}",
    "409": "The reference was answered for something else; nothing was kept",
    "429": "Too many calls in this minute; `Retry-After` says when to go on",
}


def document(mount: str) -> bytes:
    """Return the description as JSON; `mount` is the path under which the portal is served."""
    (member, registered, wanted, allowed, refusal), structures = msgspec.json.schema_components(
        (NewMember, RegisteredMember, WantedDisclosure, AllowedDisclosure, Problem),
        ref_template="#/components/schemas/{name}",
    )
    problem = {"content": {"application/problem+json": {"schema": refusal}}}
    described: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "MateCost Privacy", "version": "1", "description": INTRODUCTION},
        "servers": [{"url": mount or "/"}],
        "security": [{"signature": []}],
        "paths": {
            "/api/members": {
                "post": {
                    "operationId": "registerMember",
                    "summary": "Register a member at sign-up",
                    "requestBody": _body(member),
                    "responses": {
                        "200": _json("The member is registered, now or before, with these data", registered),
                        **{status: {"description": why, **problem} for status, why in (REFUSALS | OF_MEMBERS).items()},
                    },
                }
            },
            "/api/disclosures": {
                "post": {
                    "operationId": "askToDisclose",
                    "summary": "Ask before sending a member's data to a processor or a third party",
                    "requestBody": _body(wanted),
                    "responses": {
                        "200": _json("It may be sent, and the ledger has it", allowed),
                        **{
                            status: {"description": why, **problem}
                            for status, why in (REFUSALS | OF_DISCLOSURES).items()
                        },
                    },
                }
            },
        },
        "components": {
            "schemas": structures,
            "securitySchemes": {"signature": {"type": "apiKey", "in": "header", "name": HEADER}},
        },
    }
    return msgspec.json.encode(described)


def _body(structure: Any) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": structure}}}


def _json(words: str, structure: Any) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": structure}}}
