"""What the nightly sweep does with papers, without the rest of the night."""

from datetime import datetime

from portal.clock import seoul_day
from portal.services import representing


def destroy_used_papers(at: datetime) -> int:
    """Return how many papers had served their purpose and were destroyed."""
    return representing.destroy_papers([ref for ref, _ in representing.used_papers(seoul_day(at))], at)
