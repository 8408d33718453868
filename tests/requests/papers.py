"""What the nightly sweep does with papers, without the rest of the night."""

from datetime import datetime

from portal.clock import seoul_day
from portal.services.reckoning import Papers, Terms


def destroy_used_papers(at: datetime) -> int:
    """Return how many papers had served their purpose and were destroyed."""
    papers = Papers()
    due = papers.due(Terms(at), seoul_day(at))
    papers.destroy(due, at)
    return len(due)
