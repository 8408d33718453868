"""Papers: what may be handed in to prove an agent's power, and for how long it is needed.

What a file is, its first bytes tell; its name and the type that a browser gives are nobody's word.
"""

from datetime import timedelta

from portal.policy.model import Text

MOST_BYTES = 5 * 1024 * 1024
NEEDED_FOR = timedelta(days=30)  # after the decision, as long as somebody may still object to it
KINDS = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)
MISSING = Text(ko="위임장이나 관계를 보여 주는 서류를 올려 주세요.", en="Attach the power of attorney, or a proof.")
TOO_LARGE = Text(ko="5MB보다 작은 파일을 올려 주세요.", en="Attach a file smaller than 5 MB.")
OTHER_KIND = Text(ko="PDF, JPEG, PNG 파일만 올릴 수 있어요.", en="Only PDF, JPEG and PNG files can be attached.")


def media_type_of(content: bytes) -> str | None:
    """Return what kind of document these bytes are, or None for one that is not taken."""
    return next((media_type for start, media_type in KINDS if content.startswith(start)), None)


def paper_fault(content: bytes) -> Text | None:
    """Return why these bytes cannot be taken as a paper, or None."""
    if not content:
        return MISSING
    if len(content) > MOST_BYTES:
        return TOO_LARGE
    return None if media_type_of(content) else OTHER_KIND
