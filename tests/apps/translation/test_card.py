"""The card: that it says what was trained on, how good it is, and how big."""

from types import SimpleNamespace

import pytest

from polyhead.apps.common.data.pairs import make_pairs
from polyhead.apps.common.generation.comparison import build_metrics, format_metrics
from polyhead.apps.common.generation.scores import Scorer
from polyhead.apps.common.run.card import write_card
from polyhead.apps.translation.baselines import run_baselines
from polyhead.apps.translation.card import make_card
from polyhead.apps.translation.config import Config
from polyhead.apps.translation.data import Dataset

TRAIN = {"seconds": 61.7, "epochs": 12, "best_epoch": 9}


@pytest.fixture(scope="module")
def metrics():
    train = make_pairs("train", ["one dog", "two cats"], ["ein Hund", "zwei Katzen"])
    test = make_pairs("test", ["one cat"] * 30, ["eine Katze schläft hier"] * 30)
    dataset = Dataset(train, train, test, {})
    answers = {"test": ["eine Katze schläft dort"] * 30}
    metrics = build_metrics(dataset, answers, run_baselines(dataset), Scorer())
    return metrics | {"train": TRAIN}


def make_run(path, config, metrics):
    """What of a run its card is made of."""
    steps = SimpleNamespace(make_card=make_card)
    facts = {"config": config, "metrics": metrics, "steps": steps}
    return SimpleNamespace(path=path, home=path, **facts)


def card_of(path, config, metrics):
    return make_card(make_run(path, config, metrics))


def test_card_says_what_was_measured_and_how(tmp_path, metrics):
    run = tmp_path / "en-de"
    (run / "export").mkdir(parents=True)
    (run / "model.keras").write_bytes(b"x" * 2_500_000)
    (run / "export" / "model_int8.tflite").write_bytes(b"x" * 1_240_000)
    config = Config(
        train_source="data/train.en",
        train_target="data/train.de",
        source_language="en",
        target_language="de",
        vocabulary_size=5000,
        max_tokens=96,
    )
    write_card(make_run(run, config, metrics))
    card = (run / "README.md").read_text(encoding="utf-8")
    assert card.startswith("# en-de\n")
    for words in (
        "from `en` to `de`",
        "`train.en` and `train.de`",
        "12 epochs",
        "62 s",
        "epoch 9 is kept",
        "5000 joint pieces",
        "`model.keras` 2.50 MB",
        "`export/model_int8.tflite` 1.24 MB",
        format_metrics(metrics),
        metrics["signature"],
        metrics["chrf_signature"],
        metrics["protocol"],
        f"polyhead predict {run} ",
        f"polyhead export {run}",
        "cut at\n  96 pieces.",
    ):
        assert words in card, words


def test_card_explains_baselines_only_where_there_are_some(tmp_path, metrics):
    words = "`nearest` the translation of the training sentence"
    assert words in card_of(tmp_path, Config(), metrics)
    alone = card_of(tmp_path, Config(), metrics | {"baselines": {}})
    assert words not in alone and "\n\n\n" not in alone


def test_card_shows_the_examples_that_a_user_gives(tmp_path, metrics):
    assert "## Examples" not in card_of(tmp_path, Config(), metrics)
    shown = [["One cat.", "Eine Katze.", -0.0512], ["a|b", "x", -1.5]]
    card = card_of(tmp_path, Config(), metrics | {"examples": shown})
    assert "| One cat. | Eine Katze. | -0.05 |\n| a\\|b | x | -1.50 |\n\n## Use" in card


def test_card_of_the_embedded_dates(tmp_path, metrics):
    card = card_of(tmp_path, Config(dataset="dates", case_fold=True), metrics)
    assert "from dates in many languages to ISO dates" in card
    assert "on `dates`" in card and "MB" not in card
    assert "their case is folded" in card


def test_card_tells_the_parameters_where_they_are_known(tmp_path, metrics):
    known = metrics | {"train": TRAIN | {"parameters": 2_615_808}}
    assert "2,615,808 parameters" in card_of(tmp_path / "run", Config(), known)
    assert " parameters" not in card_of(tmp_path / "run", Config(), metrics)


def test_card_says_how_texts_are_normalised(tmp_path, metrics):
    card = card_of(tmp_path, Config(normalization="unicode-1"), metrics)
    assert "normalises texts by the table `unicode-1`" in card and "\n\n\n" not in card
    assert "normalises" not in card_of(tmp_path, Config(), metrics)
