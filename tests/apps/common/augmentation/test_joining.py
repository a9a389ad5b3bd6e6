"""Several sentences in one text: how they are made, and that a model learns them."""

import numpy as np
import pytest
from number_tools import make_config, make_numbers, write_files

from polyhead.apps.common.augmentation.joining import (
    find_sentences,
    join_texts,
    make_joining,
)
from polyhead.apps.common.data.pairs import make_pairs
from polyhead.apps.translation import train

PAIRS = [
    ("I see.", "我明白了。"),
    ("Who?", "谁？"),
    ("no mark", "没有"),
    ("Go!", "走！"),
    ("A mark.", "一个"),
]


def pairs():
    return make_pairs("pairs", *map(list, zip(*(PAIRS * 200), strict=True)))


def test_sentences_have_a_mark_on_both_sides():
    assert find_sentences(pairs())[:4].tolist() == [0, 1, 3, 5]
    none = make_pairs("none", ["a", "b"], ["c", "d"])
    assert make_joining(none, 1.0)(np.random.default_rng(0)) == {}


def test_both_sides_are_joined_alike():
    known = dict(PAIRS)
    changes = make_joining(pairs(), 0.5)(np.random.default_rng(0))
    assert len(changes) == pytest.approx(0.5 * 600, rel=0.15)
    counts = []
    for place, (source, target) in changes.items():
        assert source.startswith(PAIRS[place % 5][0])
        parts = source.replace(".", ".|").replace("?", "?|").replace("!", "!|")
        sentences = [part.strip() for part in parts.split("|") if part]
        assert target == "".join(known[sentence] for sentence in sentences)
        counts.append(len(sentences))
    assert set(counts) == {2, 3} and 0.15 < counts.count(3) / len(counts) < 0.35


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        (["Hi.", " Who? "], "Hi. Who?"),
        (["你好。", "谁？", "走！"], "你好。谁？走！"),
        (["안녕.", "누구?"], "안녕. 누구?"),
        (["मैं ठीक हूँ।", "कौन?"], "मैं ठीक हूँ। कौन?"),
    ],
)
def test_a_space_where_the_script_has_one(texts, joined):
    assert join_texts(texts) == joined


@pytest.mark.slow
def test_a_model_answers_all_of_a_text(tmp_path):
    marked = [(f"{words}.", f"{digits}.") for words, digits in make_numbers(1400, 0)]
    config = make_config(tmp_path, "run", joined=0.3, max_tokens=64, epochs=24)
    write_files(tmp_path, "train", marked[:1200])
    write_files(tmp_path, "validation", marked[1200:1250])
    write_files(tmp_path, "test", marked[1250:])
    run = train(config, quiet=True)
    (one, two), (other, three) = marked[1250], marked[1251]
    answers = run.predict([one, f"{one} {other}", f"{other} {one} {one}"])
    texts = [row[0][0] for row in answers]
    assert texts == [two, f"{two} {three}", f"{three} {two} {two}"]
