"""Runs of rows from Python: they go on with the same rows, and refuse other ones."""

import json
import random
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from changed_tools import stop_after_an_epoch
from number_tools import TINY as TINY_NUMBERS
from number_tools import make_numbers
from review_tools import TINY, make_reviews
from wave_tools import hours, make_small, make_waves

from polyhead.apps import forecasting, text_classification, translation
from polyhead.apps.common.errors import PolyheadError, UsageError

ROWS = make_reviews(60, seed=3)
OTHERS = make_reviews(20, seed=4)


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    run = tmp_path_factory.mktemp("given") / "run"
    return text_classification.Config(run=run, epochs=2, **TINY)


@pytest.fixture(scope="module")
def trained(config):
    """A run that was ended after its first epoch, and went on with the same call."""
    frame = pd.DataFrame(ROWS, columns=["text", "label"])
    with pytest.MonkeyPatch.context() as patch:
        stop_after_an_epoch(patch)
        with pytest.raises(KeyboardInterrupt):
            text_classification.train(config, data=frame, quiet=True)
    return text_classification.train(config, data=frame, quiet=True)


def test_it_goes_on_and_is_found_finished(config, trained, capsys):
    assert trained.metrics["train"]["epochs"] == 2
    written = json.loads((config.run / "config.json").read_text())
    assert written["data"].startswith("train:60-") and written["train"] is None
    facts = json.loads((config.run / "data.json").read_text())
    assert facts["rows"] == {"train": 48, "validation": 12, "left_out": 0}
    # The same rows in another form and another order.
    shuffled = random.Random(0).sample(ROWS, len(ROWS))
    again = text_classification.train(config, data=shuffled)
    assert "is finished: its scores" in capsys.readouterr().err
    assert again.metrics == trained.metrics
    assert "rows from Python" in (config.run / "README.md").read_text()


def test_other_rows_are_another_configuration(config, trained):
    for data in (ROWS[:-1], [*ROWS[:-1], (ROWS[-1][0], "good")], None):
        with pytest.raises(
            UsageError, match=r"another configuration: data \('train:60"
        ):
            text_classification.train(config, data=data, quiet=True)
    with pytest.raises(UsageError, match="give data or train, not both"):
        both = replace(config, train="a.csv", run=config.run.with_name("both"))
        text_classification.train(both, data=ROWS, quiet=True)


def test_the_run_has_its_rows_until_it_is_loaded(config, trained):
    metrics = trained.evaluate()
    assert "differences" not in metrics
    assert metrics["validation"] == trained.metrics["validation"]
    later = text_classification.load(config.run)
    assert later.config.data == trained.config.data
    with pytest.raises(PolyheadError, match="rows were given from Python, and are not"):
        later.evaluate()
    # Export and explanations use the examples that the run keeps.
    assert later.find_examples({}).rows == 12
    scores = later.evaluate(test=OTHERS)
    assert scores["test"]["rows"] == 20
    assert scores["protocol"].startswith("the table, which is not the run's own test")
    frame = pd.DataFrame(OTHERS, columns=["text", "label"])
    assert later.evaluate(test=frame)["test"] == scores["test"]
    assert later.find_examples({"test": frame}).source == "the table"
    with pytest.raises(PolyheadError, match="the table: no column 'label'; it has: te"):
        later.evaluate(test=frame[["text"]])


def test_splits_a_longer_training_and_a_dry_run(config, trained, tmp_path):
    data = {"train": ROWS, "test": OTHERS}
    report = text_classification.train(
        replace(config, run=tmp_path / "run"), data=data, dry_run=True, quiet=True
    )
    assert report["rows"]["test"] == 20 and not (tmp_path / "run").exists()
    with pytest.raises(PolyheadError, match=r"data\['test'\]: row 2: no label"):
        bad = {"train": ROWS, "test": [OTHERS[0], ("fine", None)]}
        text_classification.train(config, data=bad, quiet=True, overwrite=True)
    more = text_classification.train(replace(config, epochs=3), data=ROWS, quiet=True)
    assert more.metrics["train"]["epochs"] == 3
    assert "differences" not in more.evaluate()


def test_pairs_of_a_translator(tmp_path):
    pairs = make_numbers(90, seed=0)
    settings = {**TINY_NUMBERS, "validation_fraction": 0.2, "beam_size": 2}
    config = translation.Config(run=tmp_path / "run", epochs=1, **settings)
    data = {"train": pairs, "test": pd.DataFrame(make_numbers(99, seed=0)[90:])}
    data["test"].columns = ["source", "target"]
    run = translation.train(config, data=data, quiet=True)
    assert run.metrics["test"]["rows"] == 9
    records = [{"source": source, "target": target} for source, target in pairs]
    again = translation.train(config, data=data | {"train": records}, quiet=True)
    assert again.metrics == run.metrics
    later = translation.load(tmp_path / "run")
    assert later.evaluate(test=make_numbers(99, seed=0)[90:])["test"]["rows"] == 9
    with pytest.raises(PolyheadError, match="rows were given from Python"):
        later.evaluate()
    with pytest.raises(UsageError, match="data: row 1 is .*a tuple .source, target"):
        translation.train(config, data=["one", "two"])


def test_a_series_of_a_forecaster(tmp_path):
    values = make_waves(200, 1)[:, 0]
    frame = pd.DataFrame({"y": values}, pd.DatetimeIndex(hours(200), name="ds"))
    config = make_small(None, tmp_path / "run")
    run = forecasting.train(config, data=frame, quiet=True)
    assert run.columns.time == "ds" and run.columns.targets == ("y",)
    records = [{"ds": t, "y": y} for t, y in zip(frame.index, values, strict=True)]
    again = forecasting.train(config, data=records, quiet=True)
    assert again.metrics == run.metrics
    (own,) = run.predict()
    later = forecasting.load(tmp_path / "run")
    with pytest.raises(
        PolyheadError, match="rows were given .*: restore them, or name"
    ):
        later.predict()
    columns = {"ds": [str(stamp) for stamp in hours(200)], "y": values}
    for source in (frame, records, columns, frame["y"], frame[-50:]):
        (found,) = later.predict(source)
        np.testing.assert_array_equal(found.values, own.values)
        assert found.stamps[0] == hours(201)[-1]
    newer = pd.DataFrame(
        {"ds": hours(60, hours(201)[-1]), "y": make_waves(60, 1)[:, 0]}
    )
    for test in (newer, newer.to_dict("records")):
        assert later.evaluate(test=test)["test"]["windows"] > 0
    assert len(later.backtest(test=newer)["origins"]) > 0
    with pytest.raises(PolyheadError, match="the table: row 3"):
        later.predict([{"ds": "2024-01-01", "y": 1}] * 2 + [{"ds": "x", "y": 2}])
