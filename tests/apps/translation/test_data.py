"""From files to pairs: what is left out of training, the splits, the report."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from polyhead.apps.common.data.pairs import make_pairs, sentence_key
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.translation.config import Config
from polyhead.apps.translation.data import format_report, load_data
from polyhead.apps.translation.filters import sort_out

REAL_DATA = Path(__file__).parents[3] / "../shared/data/translation"
MANY = [(f"sentence number {n}", f"Satz Nummer {n}") for n in range(60)]


def write(path, pairs):
    records = [json.dumps({"source": s, "target": t}) for s, t in pairs]
    path.write_text("\n".join(records), encoding="utf-8")
    return str(path)


def load(folder, train, validation=None, test=None, **fields):
    paths = {
        name: write(folder / f"{name}.jsonl", pairs)
        for name, pairs in (
            ("train", train),
            ("validation", validation),
            ("test", test),
        )
        if pairs is not None
    }
    return load_data(Config(**paths, **fields))


def pairs_of(part):
    return list(zip(part.sources, part.targets, strict=True))


def chosen(pairs, held_out=(), max_tokens=128, max_length_ratio=4.0):
    """What of some pairs is trained on, and what the others are counted as."""
    sources, targets = zip(*pairs, strict=True)
    keep, removed = sort_out(
        make_pairs("test", sources, targets),
        {sentence_key(source, None) for source in held_out},
        (max_tokens, max_tokens),
        max_length_ratio,
    )
    left = [pair for pair, stays in zip(pairs, keep, strict=True) if stays]
    return left, {reason: count for reason, count in removed.items() if count}


# What is left out.


def test_pairs_with_an_empty_side():
    empty = [("", "x"), ("x", ""), ("", ""), (" \t\u3000", "x")]
    assert chosen(MANY + empty) == (MANY, {"empty": 4})


def test_repeated_pairs_stay_once():
    other = (MANY[3][0], "another translation")
    pairs = [*MANY, MANY[3], other, MANY[3], MANY[4]]
    assert chosen(pairs) == ([*MANY, other], {"repeated": 3})


def test_sources_of_other_parts():
    held_out = ["Sentence  NUMBER 7", "sentence number 9", "not there"]
    left, removed = chosen([*MANY, (MANY[7][0], "other")], held_out)
    assert left == [pair for n, pair in enumerate(MANY) if n not in (7, 9)]
    assert removed == {"held_out": 3}
    # The same target alone is no leak: many sentences have one translation.
    assert chosen(MANY, [MANY[7][1]]) == (MANY, {})


@pytest.mark.parametrize("letter", ["a", "é", "ß", "界"])
def test_pairs_too_long(letter):
    fits = letter * (8 * 20 // len(letter.encode()))
    pairs = [(fits, fits), (fits + letter, fits), (fits, fits + letter)]
    assert chosen(pairs, max_tokens=20) == (pairs[:1], {"too_long": 2})


def test_pairs_of_unlike_length():
    usual = [(source, source[::-1]) for source, _ in MANY]
    text = "a sentence of about forty bytes, I think."
    unlike = [(text, "@@"), ("@@", text), (text * 5, text)]
    alike = [("Hi", "a" * 40), (text * 3, text), (text, text * 3)]
    assert chosen(usual + unlike + alike) == (usual + alike, {"unlike": 3})
    left, removed = chosen(usual + unlike + alike, max_length_ratio=2.0)
    assert (left, removed) == ([*usual, alike[0]], {"unlike": 5})


@pytest.mark.parametrize("turned", [False, True])
def test_unlike_is_said_by_what_is_usual(turned):
    # A summary: a tenth of its text is right, and all of it is wrong.
    pairs = [(f"{n} " + "long text " * 40, f"{n} a summary it is") for n in range(9)]
    wrong = [("text " * 50, "text " * 50)]
    if turned:
        pairs, wrong = ([pair[::-1] for pair in part] for part in (pairs, wrong))
    assert chosen(pairs + wrong) == (pairs, {"unlike": 1})


def test_scripts_do_not_make_lengths_unlike():
    # Most in ASCII; three bytes a letter, and three letters a word, all are good.
    tamil = ("வியாழன், 5 மார்ச், ஆயிரத்து தொள்ளாயிரத்து தொண்ணூற்றெட்டு", "Thu, 5 Mar 1998")
    chinese = (
        "How do you do? We are pleased to make your acquaintance.",
        "幸会，幸会！您好！",
    )
    assert len(tamil[0].encode()) > 8 * len(tamil[1])
    assert len(chinese[0]) > 4 * len(chinese[1])
    left, _ = chosen([*MANY, tamil, chinese])
    assert left == [*MANY, tamil, chinese]


SHORT = [
    *[("Yes.", "Sí."), ("No", "不"), ("Go.", "Ve."), ("Go.", "Váyase."), ("I", "Yo")],
    *[("Hi", "Hola"), ("OK", "はい"), ("2", "two"), ("?", "¿Qué?"), ("No!", "No!")],
    ("Stop!", "¡Haga el favor de detenerse ya, amigo!"),
]
NEGATIONS = [
    ("I strongly agree.", "Estoy totalmente de acuerdo."),
    ("I strongly disagree.", "Estoy totalmente en desacuerdo."),
    ("I do not know him.", "No lo conozco."),
    ("I know him.", "Lo conozco."),
    ("Nobody has ever seen it here, not even I.", "此处无人见过。"),
    ("It is not impossible that she never comes.", "No es imposible que nunca venga."),
]


@pytest.mark.parametrize("turned", [False, True])
def test_short_texts_and_negations_stay(tmp_path, turned):
    pairs = [pair[:: -1 if turned else 1] for pair in SHORT + NEGATIONS]
    assert chosen(MANY + pairs) == (MANY + pairs, {})
    data = load(tmp_path, MANY + pairs, validation=MANY[:5])
    assert set(pairs) <= set(pairs_of(data.train))
    # That a sentence is in another part takes away none but itself.
    known = ["I agree strongly.", "I know", "Yes", "Go", "disagree", "not"]
    assert chosen(MANY + pairs, held_out=known) == (MANY + pairs, {})


def test_every_pair_is_counted_once(tmp_path):
    generator = np.random.default_rng(0)
    texts = ["", "a", "b" * 50, "c" * 300, "d d", "D  d", "e" * 2000]
    for _ in range(20):
        rows = [tuple(generator.choice(texts, 2)) for _ in range(40)] + MANY
        keep, removed = sort_out(
            make_pairs("test", *zip(*rows, strict=True)), {"d d"}, (128, 128), 4.0
        )
        assert sum(removed.values()) == len(rows) - keep.sum()


def test_training_alone_is_filtered(tmp_path):
    bad = [("", "x"), ("y", " "), ("a" * 9000, "b"), MANY[0], MANY[0]]
    train = [*MANY, ("", "z"), ("q" * 9000, "r"), ("dog", "Hund"), ("dog", "Hund")]
    data = load(tmp_path, train, bad, bad[::-1])
    assert pairs_of(data.validation) == bad
    assert pairs_of(data.test) == bad[::-1]
    assert pairs_of(data.train) == [*MANY[1:], ("dog", "Hund")]
    assert data.train.rows.tolist() == [*range(2, 61), 63]
    assert data.report["removed"] == {
        "empty": 1,
        "held_out": 1,
        "repeated": 1,
        "too_long": 1,
        "unlike": 0,
    }
    *warnings, few = data.report["warnings"]
    assert few.startswith("60 training pairs are too few to learn")
    assert warnings == [
        "5 validation sources are in test too",
        "4 of 64 training pairs removed: 1 have an empty side, 1 have a source that "
        "validation or test has, 1 are repeated, 1 are too long",
        "1 validation pairs have an empty source; they stay",
        "1 validation pairs have an empty target; they stay",
        "1 test pairs have an empty source; they stay",
        "1 test pairs have an empty target; they stay",
    ]


# The validation split.


def random_pairs(generator):
    """Pairs with several translations of a sentence, repeats, case and spaces."""
    size = int(generator.integers(30, 300))
    pairs = []
    for number in generator.integers(0, 80, size).tolist():
        source = f"{['Go', 'go', ' GO '][int(generator.integers(3))]} {number}"
        pairs.append((source, f"{number} {generator.integers(4)}"))
    return pairs


@pytest.mark.parametrize("seed", range(12))
def test_no_sentence_crosses(tmp_path, seed):
    generator = np.random.default_rng(seed)
    train, validation, test = (random_pairs(generator) for _ in range(3))
    fraction = float(generator.uniform(0.05, 0.6))
    data = load(
        tmp_path,
        train,
        validation[:5] if seed % 2 else None,
        test[:9] if seed % 3 else None,
        validation_fraction=fraction,
        seed=seed,
    )
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    keys = {
        name: {" ".join(text.lower().split()) for text in part.sources}
        for name, part in parts.items()
        if part is not None
    }
    assert not keys["train"] & keys["validation"]
    assert not keys["train"] & keys.get("test", set())
    assert len(set(pairs_of(data.train))) == len(data.train.sources)
    if seed % 2:
        assert pairs_of(data.validation) == validation[:5]
    else:
        assert not keys["validation"] & keys.get("test", set())
        both = pairs_of(data.train) + pairs_of(data.validation)
        assert set(both) <= set(train)
        assert len(both) == len(train) - sum(data.report["removed"].values())
        share = len(data.validation.sources) / len(both)
        assert fraction - 0.1 < share <= fraction + 1 / len(both)
    for part in (data.train, data.validation)[: 1 + (seed % 2 == 0)]:
        assert [train[row - 1] for row in part.rows] == pairs_of(part)


def test_the_seed_decides_the_split(tmp_path):
    parts = [load(tmp_path, MANY, seed=seed).validation.sources for seed in (1, 1, 2)]
    assert parts[0] == parts[1] != parts[2]
    assert len(parts[0]) == 12  # a fifth, as 5% would be 3 pairs
    many = [(f"sentence number {n}", f"Satz {n}") for n in range(600)]
    assert len(load(tmp_path, many).validation.sources) == 30


# Faults.


@pytest.mark.parametrize(
    "pairs, message",
    [
        (
            [("a", "b")],
            "1 pairs of 1 different sources are too few to take a validation",
        ),
        ([("a", "b"), ("A ", "c")], "2 pairs of 1 different sources are"),
        ([("", "b"), ("a", "")], "no pair is left to train on: 2 have an empty side;"),
        ([], "empty file"),
    ],
)
def test_data_that_cannot_train_a_translator(tmp_path, pairs, message):
    with pytest.raises(PolyheadError) as caught:
        load(tmp_path, pairs)
    assert str(caught.value).startswith(f"{tmp_path / 'train.jsonl'}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 1


def test_nothing_left_to_train_on(tmp_path):
    message = "60 have a source that validation or test has; give other training data"
    with pytest.raises(PolyheadError, match=message):
        load(tmp_path, MANY, test=MANY)


def test_too_long_texts_are_told_the_limit(tmp_path):
    message = "60 are too long; .* cut its texts into sentences, or raise the limits"
    long = [(f"{source} " + 2000 * "word ", target) for source, target in MANY]
    for pairs in (long, [pair[::-1] for pair in long]):
        with pytest.raises(PolyheadError, match=message) as caught:
            load(tmp_path, pairs)
        assert "(max_tokens 512 and max_output_tokens 512)" in str(caught.value)


def test_one_pair_is_too_few(tmp_path):
    few = load(tmp_path, MANY[:2]).report["warnings"][0]
    assert few.startswith("one training pair is too few to learn to translate")


# The report.


def test_report_counts_what_is_there(tmp_path):
    train = [(f"é{n}", f"{n:02}" * 3) for n in range(94)]
    train += [("x" * 300, "y" * 257), ("é1", "other"), ("é1", "third"), ("é2", "o")]
    validation = [("b" * 8, "c" * 10), ("b" * 4, "c" * 300)]
    report = load(
        tmp_path, train, validation, source_language="en", target_language="de"
    ).report
    assert report["rows"] == {"train": 98, "validation": 2}
    assert report["train_rows_read"] == 98
    assert report["languages"] == {"source": "en", "target": "de"}
    assert report["sources_with_several_translations"] == 2
    lengths = report["length_bytes"]
    assert lengths["validation"] == {
        "source": {"mean": 6.0, "95": 8, "100": 8},
        "target": {"mean": 155.0, "95": 300, "100": 300},
    }
    assert lengths["train"]["source"]["95"] == 4
    assert lengths["train"]["source"]["100"] == 300
    assert lengths["train"]["target"]["100"] == 257
    assert report["length_ratio"] == 1.5
    assert report["fitting_bytes"] == {"source": 512, "target": 512}
    assert report["samples"] == [list(train[0]), list(train[48]), list(train[-1])]
    (few,) = report["warnings"]
    assert few.startswith("98 training pairs are too few to learn to translate words")
    json.dumps(report)
    text = format_report(report)
    for part in (
        "train              98 pairs",
        "languages   en to de",
        "removed     none",
        "2 in train have several translations",
        "validation target      155.0     300      300\n",
        "99.5% fit into 512",
        "  é0\n    -> 000000",
    ):
        assert part in text


def test_too_few_pairs_are_said_to_be_too_few(tmp_path):
    said = "training pairs are too few to learn to translate"

    def warned(pairs, **settings):
        report = load(tmp_path, pairs, **settings).report
        return [note for note in report["warnings"] if said in note]

    sentences = [
        (f"the house number {n} is", f"das Haus Nummer {n}") for n in range(50)
    ]
    (note,) = warned(sentences)
    assert note.startswith("40 training pairs") and "sentences (usually 1,000" in note
    words = [(f"w{n}", f"{n}w") for n in range(50)]
    (note,) = warned(words)
    assert "translate words (usually 200 at least)" in note and "--init-from" in note
    assert not warned([(f"w{n}", f"{n}w") for n in range(300)])


def test_samples_cannot_disturb_the_terminal(tmp_path):
    pairs = [("\x1b[31mred\u202e\n" + "long " * 50, "שלום 🎉")] * 2
    text = format_report(
        load(tmp_path, [*MANY, *pairs], MANY[:1], max_length_ratio=99).report
    )
    assert r"  \x1b[31mred\u202e\nlong long" in text
    assert "    -> שלום 🎉\n" in text
    assert not {"\x1b", "\u202e"} & set(text)
    assert max(map(len, text.splitlines())) < 200


def test_the_same_text_on_both_sides_is_suspicious(tmp_path):
    pairs = [(f"copy {n}", f"copy {n}") for n in range(40)]
    warnings = load(tmp_path, MANY + pairs, MANY[:10]).report["warnings"]
    assert any("44% of the training pairs have the same text" in w for w in warnings)
    warnings = load(tmp_path, MANY + pairs[:5]).report["warnings"]
    assert len(warnings) == 1 and "too few to learn" in warnings[0]


# Real data.


@pytest.fixture
def real_data():
    if not REAL_DATA.exists():
        pytest.skip("needs the shared data folder beside the project")
    return REAL_DATA


def test_tatoeba(real_data):
    path = real_data / "tatoeba_en_es/eng-spa.2018-05-13.tsv.gz"
    config = Config(train=str(path), source_column="0", target_column="1")
    data = load_data(config)
    count = len(data.train.sources) + len(data.validation.sources)
    assert count == 118_964
    assert data.report["removed"]["repeated"] == 0
    assert abs(len(data.validation.sources) - 0.05 * count) <= 1
    assert not set(data.train.sources) & set(data.validation.sources)
    # Most of what a careless split leaks has another translation.
    assert data.report["sources_with_several_translations"] > 10_000


@pytest.mark.parametrize("form", ["raw", "tok"])
def test_multi30k(real_data, form):
    folder = real_data / "multi30k_en_de"
    data = load_data(
        Config(
            **{
                f"{split}_{side}": str(folder / f"{form}.{name}.{language}.gz")
                for split, name in (
                    ("train", "train"),
                    ("validation", "val"),
                    ("test", "test_2016_flickr"),
                )
                for side, language in (("source", "en"), ("target", "de"))
            }
        )
    )
    assert data.report["train_rows_read"] == 29_000
    assert data.report["rows"]["validation"] == 1_014
    assert data.report["rows"]["test"] == 1_000
    removed = data.report["removed"]
    assert len(data.train.sources) == 29_000 - sum(removed.values())
    assert 0 < sum(removed.values()) < 20
    # Two captions were never translated: the file says "@@".
    assert "@@" not in data.train.targets


MEASURE = """
import resource, sys, time
from polyhead.apps.translation.config import Config
from polyhead.apps.translation.data import format_report, load_data
start = time.monotonic()
data = load_data(Config(train_source=sys.argv[1], train_target=sys.argv[2]))
format_report(data.report)
rows = len(data.train.sources) + len(data.validation.sources)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(rows, peak, time.monotonic() - start)
"""


@pytest.mark.slow
def test_a_million_pairs(tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        lines = "".join(f"{n:09} " + "word " * 18 + "\n" for n in range(1_000_000))
        path.write_text(lines, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
    )
    rows, peak, seconds = (float(word) for word in done.stdout.split())
    assert rows == 1_000_000
    assert peak < 1.5  # GiB; the whole run has 3 GB
    assert seconds < 60


@pytest.mark.parametrize("normalization, removed", [("unicode-1", 4), ("none", 2)])
def test_sources_that_are_read_alike_are_in_one_part(tmp_path, normalization, removed):
    same = ["SATZ\u00a0EINS", "satz  eins", "satz\u200b eins", "Cafe\u0301 geht"]
    train = [*((text, f"target {n}") for n, text in enumerate(same)), *MANY]
    test = [("Satz eins", "target"), ("Café geht", "target")]
    data = load(tmp_path, train, MANY[:3], test, normalization=normalization)
    assert data.report["removed"]["held_out"] - 3 == removed
