"""Lead time: how long before it takes effect a new version of the policy is made known.

No law gives a number (PIPA art. 30(2); verified 2026-11-23); practice is 7 days, and 30 where what is collected, why,
how long, or who receives it changes. A shorter one needs a reason, which is kept and shown to whoever looks.
"""

from datetime import date, timedelta

from portal.rules.difference import Difference

DAYS = 7
MATERIAL_DAYS = 30
REASON_LENGTH = 300  # why a version comes sooner
MATERIAL_SECTIONS = frozenset({"purposes", "items", "consent_items", "processors", "retention_rules", "rights"})


def is_material(changed: Difference) -> bool:
    """Tell whether a new version changes what matters to a member: what, why, how long, by whom, or their rights."""
    return changed.asks_again or any(fact.section in MATERIAL_SECTIONS for fact in changed.facts)


def lead_days(*, material: bool) -> int:
    """Return how many days lie between making a version known and its day."""
    return MATERIAL_DAYS if material else DAYS


def earliest_day(today: date, *, material: bool) -> date:
    """Return the first day on which a version made known today may take effect without a reason."""
    return today + timedelta(days=lead_days(material=material))
