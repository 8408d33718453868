"""How many lines a page of a list shows: services cut lists by it, and the foot of a page counts by it."""

PAGE = 25
