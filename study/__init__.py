"""This study: its jobs, their stored results, and the report that is made of them."""

import sys

# What checks a notebook would first compile the grammar of addresses, which takes two seconds
# and which no notebook needs; it does without where it cannot.
sys.modules.setdefault("rfc3987_syntax", None)
