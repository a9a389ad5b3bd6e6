"""The tokenizer of a run: its own, an older run's, or a new one."""

import subprocess
import sys
from dataclasses import dataclass

import pytest

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.text.assets import PieceAssets, make_assets, save_assets

TEXTS = ["a rose is a rose is a rose", "a daisy is no rose"] * 5
OTHERS = ["something else entirely, and nothing of it above"] * 9


@dataclass(frozen=True)
class Config:
    """What of a configuration decides the tokenizer."""

    init_from: str | None = None
    tokenizer: str = "bytes"
    vocabulary_size: int = 300
    case_fold: bool = True
    seed: int = 0
    normalization: str | None = None


def test_a_new_run_learns_its_tokenizer_and_keeps_it(tmp_path):
    assets = make_assets(Config(), TEXTS, tmp_path)
    assert not list(tmp_path.iterdir())
    save_assets(assets, tmp_path)
    kept = PieceAssets(tmp_path, num_special=1)
    assert kept.tokenizer.file_text == assets.tokenizer.file_text
    assert kept.num_special == 1
    resumed = make_assets(Config(), OTHERS, tmp_path)
    assert resumed.tokenizer.file_text == assets.tokenizer.file_text
    # Without a folder, as in a dry run, it is learned.
    learned = make_assets(Config(), OTHERS, None)
    assert learned.tokenizer.file_text != assets.tokenizer.file_text


def test_a_run_that_begins_with_another_takes_its_tokenizer(tmp_path):
    older, new = tmp_path / "older", tmp_path / "new"
    older.mkdir()
    new.mkdir()
    save_assets(make_assets(Config(), TEXTS, None), older)
    config = Config(init_from=str(older))
    assets = make_assets(config, OTHERS, new)
    assert assets.tokenizer.file_text == PieceAssets(older).tokenizer.file_text


def test_the_settings_are_those_of_the_configuration():
    folded, cased = (
        make_assets(Config(case_fold=fold), TEXTS, None).tokenizer
        for fold in (True, False)
    )
    assert folded.encode("A ROSE") == folded.encode("a rose")
    assert cased.encode("A ROSE") != cased.encode("a rose")
    small = make_assets(Config(vocabulary_size=262), TEXTS, None).tokenizer
    assert len(small.pieces) == 262 < len(folded.pieces)
    letters = make_assets(Config(tokenizer="characters"), TEXTS, None).tokenizer
    assert all(len(piece.decode("utf-8", "ignore")) <= 1 for piece in letters.pieces)


def test_texts_are_normalised_as_the_configuration_says(tmp_path):
    other = ["МОСКВА \u00a0и\u0306\u200b", "москва й"]
    for name, same in (("unicode-1", True), ("none", False), (None, False)):
        assets = make_assets(Config(normalization=name), [*TEXTS, *other], None)
        save_assets(assets, tmp_path)
        kept = PieceAssets(tmp_path, normalization=name).tokenizer
        for tokenizer in (assets.tokenizer, kept):
            first, second = map(tokenizer.encode, other)
            assert (first == second) is same


def test_a_broken_tokenizer_is_one_clear_line(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{", encoding="utf-8")
    with pytest.raises(PolyheadError, match="tokenizer.json: not a readable tokeni"):
        _ = PieceAssets(tmp_path).tokenizer


def test_it_is_imported_without_keras_and_tokenizers():
    code = "import sys\nimport polyhead.apps.common.text.assets\n"
    code += "sys.exit(', '.join({'keras', 'tokenizers'} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
