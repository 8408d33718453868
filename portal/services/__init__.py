"""What is done: gerunds. One public function is one transaction; a view or a command calls one and shows the result.

The moment comes in as an argument, so that every part of one deed carries the same one.
"""
