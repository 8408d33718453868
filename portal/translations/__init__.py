"""The catalogue: Korean is the language of the source, `en/` holds its English. A policy's own words are not here."""
