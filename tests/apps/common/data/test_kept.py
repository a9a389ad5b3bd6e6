"""The examples that a run keeps: how many, how they are written and read."""

import json
import zipfile

import numpy as np
import pytest

from polyhead.apps.common.data import kept
from polyhead.apps.common.data.kept import Kept, read_kept, sample_texts, write_kept
from polyhead.apps.common.errors import PolyheadError

TEXTS = ["naïve", "", "two\nlines", "猫" * 50, "a\ttab"]
KEPT = Kept(
    *("test", 5, 90, 3),
    texts={"text": TEXTS, "training_text": ["other"]},
    arrays={
        "labels": np.array([[True, False]] * 5),
        "history": np.full((5, 2), np.nan),
    },
)


def test_they_are_read_as_they_were_written(tmp_path):
    write_kept(tmp_path, "seasons", KEPT)
    found = read_kept(tmp_path, "seasons")
    assert found.texts == KEPT.texts
    for name, array in KEPT.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert found.arrays[name].dtype == array.dtype
    assert found.facts == {"split": "test", "rows": 5, "of": 90, "seed": 3}
    assert [path.name for path in tmp_path.iterdir()] == ["examples.npz"]
    first = (tmp_path / "examples.npz").read_bytes()
    write_kept(tmp_path, "seasons", KEPT)
    assert (tmp_path / "examples.npz").read_bytes() == first
    assert read_kept(tmp_path / "none", "seasons") is None


def test_a_sample_is_seeded_and_in_order():
    texts = [str(number) for number in range(1000)]
    rows = sample_texts([texts, texts], 50, seed=1)
    assert len(rows) == 50 and (np.diff(rows) > 0).all()
    assert rows.tolist() == sample_texts([texts, texts], 50, seed=1).tolist()
    assert rows.tolist() != sample_texts([texts, texts], 50, seed=2).tolist()
    assert sample_texts([texts[:7]], 50, seed=1).tolist() == list(range(7))
    assert not len(sample_texts([[]], 50, seed=1))
    assert not len(sample_texts([texts], 0, seed=1))


def test_long_texts_are_fewer():
    texts = ["é" * 500] * 100  # 1,000 bytes each
    assert len(sample_texts([texts], 100, 0, budget=20_500)) == 20
    assert len(sample_texts([texts, texts], 100, 0, budget=20_500)) == 10
    assert len(sample_texts([texts], 100, 0, budget=10)) == kept.FEWEST


def damage(path, how):
    data = path.read_bytes()
    if how == "cut short":
        path.write_bytes(data[: len(data) // 2])
    elif how == "no archive":
        path.write_bytes(b"not a zip")
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "a flipped bit":
        at = len(data) // 3
        path.write_bytes(data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :])
    elif how == "a pickle":
        np.savez(path, about=np.array([{"split": "test"}], object))
    elif how == "no facts":
        np.savez(path, labels=np.zeros(3))
    elif how == "deep":
        np.savez(path, about=np.frombuffer(b"[" * 100_000, np.uint8))
    elif how == "another version":
        with zipfile.ZipFile(path) as archive, archive.open("about.npy") as file:
            about = json.loads(np.lib.format.read_array(file).tobytes())
        packed = json.dumps(about | {"format": 99}).encode()
        np.savez(path, about=np.frombuffer(packed, np.uint8))


@pytest.mark.parametrize(
    "how",
    [
        *("cut short", "no archive", "empty", "a flipped bit", "a pickle"),
        *("no facts", "deep", "another version"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path, how):
    write_kept(tmp_path, "seasons", KEPT)
    damage(tmp_path / "examples.npz", how)
    with pytest.raises(
        PolyheadError, match=r"examples.npz: cannot be read \("
    ) as error:
        read_kept(tmp_path, "seasons")
    assert "\n" not in str(error.value) and "give --test F" in str(error.value)


def test_the_file_of_another_task_is_refused(tmp_path):
    write_kept(tmp_path, "seasons", KEPT)
    with pytest.raises(PolyheadError, match="no examples of weather"):
        read_kept(tmp_path, "weather")
