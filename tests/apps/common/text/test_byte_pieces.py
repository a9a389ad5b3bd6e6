"""The tokenizer against its oracle, in Python and as a graph."""

import gzip
import random
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer as Oracle

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.text.byte_pieces import Tokenizer, encode_bytes

DATA = Path(__file__).resolve().parents[5] / "shared" / "data" / "text"
HARD = [
    "",
    " ",
    "   two  spaces   ",
    "\t\n\r tabs and breaks \v",
    "don't stop (ever)!?!... -- 100% of $5.00",
    "ÜNÏCÖDE stays, ASCII Folds",
    "中文没有空格，也有标点。カタカナ ひらがな 한국어",
    "👩‍👩‍👧‍👦 family 🏳️‍🌈 flag 👍🏽",
    "שלום עולם مرحبا بالعالم",
    "e\u0301 combining \u200b zero width \ufeff mark",
    "a" * 300,
    "\x01\x02\x7f control",
    "\u00a0no-break\u00a0space\u3000ideographic",
]


def sentences(count, seed=0):
    rng = random.Random(seed)
    words = "the a cat sat on mat über naïve 猫 坐 😀 don't x-ray 3.14 ,".split()
    return [" ".join(rng.choices(words, k=rng.randint(1, 20))) for _ in range(count)]


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.learn(sentences(2000) + HARD, size=400)


def as_bytes(texts, width):
    rows = np.zeros((len(texts), width), np.int32)
    for row, text in zip(rows, texts, strict=True):
        data = text.encode()[:width]
        row[: len(data)] = list(data)
    return rows


def test_every_piece_is_text_of_the_input(tokenizer):
    for text in HARD:
        ids = tokenizer.encode(text)
        spelled = b"".join(tokenizer.pieces[i] for i in ids)
        folded = "".join(c.lower() if c.isascii() else c for c in text)
        assert spelled == ((" " + folded) if text else "").encode()


def test_encoding_equals_the_oracle(tokenizer):
    oracle = Oracle.from_str(tokenizer.file_text)
    texts = HARD + sentences(500, seed=1)
    expected = [encoding.ids for encoding in oracle.encode_batch(texts)]
    assert [row.tolist() for row in tokenizer.encode_all(texts)] == expected


def test_graph_equals_python(tokenizer):
    texts = [t for t in HARD + sentences(100, seed=2) if len(t.encode()) <= 256]
    graph = np.asarray(
        encode_bytes(tokenizer.tables, as_bytes(texts, 256), 64, case_fold=True)
    )
    for row, ids in zip(graph, tokenizer.encode_all(texts), strict=True):
        ids = ids[:64].tolist()
        assert row.tolist() == ids + [0] * (64 - len(ids))


def test_what_stands_after_a_zero_byte_is_no_text(tokenizer):
    assert tokenizer.encode("cat\0mat") == tokenizer.encode("cat")
    data = as_bytes(["cat\0mat"], 16)
    graph = np.asarray(encode_bytes(tokenizer.tables, data, 8, case_fold=True))
    expected = tokenizer.encode("cat")
    assert graph[0].tolist() == expected + [0] * (8 - len(expected))


def test_without_case_folding_capitals_stay():
    tokenizer = Tokenizer.learn(["Rose ROSE rose"] * 20, size=290, case_fold=False)
    spelled = b"".join(tokenizer.pieces[i] for i in tokenizer.encode("ROSE"))
    assert spelled == b" ROSE"


def test_piece_dropout_spells_the_same_text_otherwise(tokenizer):
    texts = sentences(200, seed=3)
    rng = np.random.default_rng(0)
    dropped = tokenizer.encode_all(texts, 0.3, rng)
    plain = tokenizer.encode_all(texts)
    assert sum(map(len, dropped)) > 1.05 * sum(map(len, plain))
    for one, other in zip(dropped, plain, strict=True):
        spell = lambda ids: b"".join(tokenizer.pieces[i] for i in ids)  # noqa: E731
        assert spell(one) == spell(other)
    again = tokenizer.encode_all(texts, 0.3, np.random.default_rng(0))
    assert all((a == b).all() for a, b in zip(dropped, again, strict=True))


def test_chunks_do_not_change_the_ids(tokenizer, monkeypatch):
    texts = HARD + sentences(50, seed=4)
    whole = tokenizer.encode_all(texts)
    monkeypatch.setattr("polyhead.apps.common.text.byte_pieces.CHUNK_BYTES", 100)
    parts = tokenizer.encode_all(texts)
    assert all((a == b).all() for a, b in zip(whole, parts, strict=True))


def test_texts_of_too_many_pieces(tokenizer):
    texts = [*HARD, *sentences(50), "a\0" + "b" * 99]
    lengths = [len(tokenizer.encode(text)) for text in texts]
    for most in (1, 5, 30):
        assert tokenizer.find_cut(texts, most) == [n > most for n in lengths]
    assert tokenizer.find_cut([], 5) == []


def test_file_round_trip(tokenizer, tmp_path):
    tokenizer.save(tmp_path / "tokenizer.json")
    loaded = Tokenizer.load(tmp_path / "tokenizer.json")
    assert loaded.pieces == tokenizer.pieces
    assert loaded.case_fold is True
    assert loaded.encode("The cat") == tokenizer.encode("The cat")


def test_a_corrupt_file_is_named(tmp_path):
    (tmp_path / "tokenizer.json").write_text('{"version": "1.0"')
    with pytest.raises(PolyheadError, match="tokenizer.json: not a readable"):
        Tokenizer.load(tmp_path / "tokenizer.json")


def real_lines():
    lines = gzip.open(DATA / "chinese_reviews/waimai_10k.csv.gz", "rt").readlines()
    with gzip.open(DATA / "goemotions/train.tsv.gz", "rt") as file:
        lines += [line.split("\t")[0] for line in file][:8000]
    with gzip.open(DATA / "sst2_glue/train.tsv.gz", "rt") as file:
        lines += [line.split("\t")[1] for line in file][:8000]
    return [line.rstrip("\n") for line in lines]


@pytest.mark.skipif(not DATA.exists(), reason="needs the real data sets")
def test_ten_thousand_real_lines_have_no_difference():
    lines = random.Random(0).sample(real_lines(), 10_000)
    tokenizer = Tokenizer.learn(lines, size=4000)
    oracle = Oracle.from_str(tokenizer.file_text)
    expected = [encoding.ids for encoding in oracle.encode_batch(lines)]
    encoded = tokenizer.encode_all(lines)
    assert sum(a.tolist() != b for a, b in zip(encoded, expected, strict=True)) == 0
    short = [i for i, line in enumerate(lines) if len(line.encode()) <= 256]
    assert len(short) > 9_000
    different = 0
    for start in range(0, len(short), 500):
        rows = short[start : start + 500]
        data = as_bytes([lines[i] for i in rows], 256)
        graph = np.asarray(encode_bytes(tokenizer.tables, data, 257, case_fold=True))
        for row, i in zip(graph, rows, strict=True):
            different += row[row > 0].tolist() != expected[i]
    assert different == 0
