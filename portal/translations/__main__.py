"""Bring the English catalogue in step with the source and compile it; name what still wants English."""

from portal.translations.catalogue import PO, bring_in_step

for text in bring_in_step():
    print(f"{PO}: no English yet for {text!r}")
