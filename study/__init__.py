"""This study: its jobs, their stored results, and the report that is made of them."""
