"""Twelve "break it" labs: a switch each, whose wrong position is a mistake of the field."""
