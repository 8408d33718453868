"""What is kept: tables and the questions asked of them. The only floor that names a column.

Each module is a plural noun and holds one table or two. Nothing here opens a transaction: reads run in whichever is
open, and what changes a row must be called inside `portal.database.writing()`.
"""
