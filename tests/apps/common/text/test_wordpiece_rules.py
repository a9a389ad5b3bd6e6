"""What is a word to MediaPipe's tokenizer: the table of characters."""

from polyhead.apps.common.text.wordpiece import split_words
from polyhead.apps.common.text.wordpiece_rules import SPACES, delimiter_ranges


def test_the_ranges_rise_and_do_not_meet():
    ranges = delimiter_ranges()
    assert all(first <= last for first, last in ranges)
    pairs = zip(ranges, ranges[1:], strict=False)
    assert all(last + 1 < first for (_, last), (first, _) in pairs)


def test_ascii_symbols_are_words_of_their_own_and_letters_are_not():
    alone = {
        code for first, last in delimiter_ranges() for code in range(first, last + 1)
    }
    ascii_alone = {chr(code) for code in alone if code < 128}
    assert ascii_alone == set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
    assert ord("中") in alone and ord("é") not in alone and ord("한") not in alone


def test_words_are_parted_by_these_spaces_alone():
    assert split_words(f"a{SPACES}b") == ["a", "b"]
    assert split_words("a\u3000b\vc") == ["a\u3000b\vc"]
