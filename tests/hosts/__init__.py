"""Real hosts behind the gate: a consented member gets what the bare host gives, and nobody else gets anything."""
