"""The tests, in a mirror of the rooms; what several rooms' tests share stands beside this file."""
