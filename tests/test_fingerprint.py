"""The code's fingerprint: what it sees, and what it does not."""

from seglib.fingerprint import without_words


def test_words_do_not_change_the_codes_fingerprint():
    plain = '"""A."""\ndef f(x):\n    """B."""\n    return x + 1\n'
    worded = '"""Module."""\n# why\ndef f(x):\n    """Doc."""\n    return (x + 1)  # so\n'
    assert without_words(worded) == without_words(plain)
    other = plain.replace("1", "2")
    assert without_words(plain) != without_words(other)
