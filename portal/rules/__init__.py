"""The law, pure: facts and a date in, a verdict out. What a lawyer could check on paper.

No function here asks a clock, a database, Flask or a file; every returned value is frozen or freshly made.
"""
