"""The policy as data: what is promised, typed and checked before anybody is asked to agree to it.

Here live the shipped policies (`2021-02-04.toml` and its article texts), their types and their loader. Never here:
a verdict about a person (`portal.rules`), a database, a page.
"""
