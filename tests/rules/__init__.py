"""The rules, tried on facts and dates alone."""
