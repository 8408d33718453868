"""The description of the API, OpenAPI 3.1: made of the structures that judge a call, so that it cannot tell another
story than they do."""

from typing import Any

import msgspec

from portal.forms.api import NewMember, Problem, RegisteredMember
from portal.vault.calls import HEADER

INTRODUCTION = """\
For the programs of the host application. Each call is signed with the key that both share:
`Portal-Signature: t=<Unix seconds>,v1=<hex>`, where the hex digits are HMAC-SHA256 over four lines joined by a line
feed: the method, the address (path and query), the seconds, the SHA-256 of the body in hex. A signature is good for
five minutes. The same call again is answered with the same and changes nothing."""

REFUSALS = {  # status: when it is given
    "400": "The body is not one JSON object in UTF-8 with each name once",
    "401": "The signature is missing, wrong or too old",
    "403": "The call carries the marks of a browser on another site",
    "409": "The id is registered with other data, or belonged to a member whose data was destroyed",
    "413": "The body is larger than 16 KiB",
    "415": "The body is not application/json",
    "422": "Some fields cannot be taken; `errors` names all of them",
    "default": "The call failed for a reason of ours; nothing was changed, try again later",
}


def document(mount: str) -> bytes:
    """Return the description as JSON; `mount` is the path under which the portal is served."""
    (member, registered, refusal), structures = msgspec.json.schema_components(
        (NewMember, RegisteredMember, Problem), ref_template="#/components/schemas/{name}"
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
                    "requestBody": {"required": True, "content": {"application/json": {"schema": member}}},
                    "responses": {
                        "200": {
                            "description": "The member is registered, now or before, with these data",
                            "content": {"application/json": {"schema": registered}},
                        },
                        **{status: {"description": why, **problem} for status, why in REFUSALS.items()},
                    },
                }
            }
        },
        "components": {
            "schemas": structures,
            "securitySchemes": {"signature": {"type": "apiKey", "in": "header", "name": HEADER}},
        },
    }
    return msgspec.json.encode(described)
