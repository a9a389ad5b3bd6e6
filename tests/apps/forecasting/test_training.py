"""Training: the choice of a model, and what a run begins with."""

import re

import numpy as np
import pytest
from wave_tools import hours, make_small, make_waves, write_wide

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.run.settings import resolve
from polyhead.apps.forecasting import TASK, Config, config, load, train


def test_no_training_rows_are_not_called_constant(tmp_path):
    path = write_wide(tmp_path / "a.csv", make_waves(20))
    test = write_wide(tmp_path / "b.csv", make_waves(80), stamps=hours(100)[20:])
    with pytest.raises(PolyheadError, match="no window fits"):
        train(make_small(path, tmp_path / "run", test=test, horizon=24), quiet=True)


def test_a_look_back_of_one_step(tmp_path):
    path = write_wide(tmp_path / "a.csv", make_waves(200))
    run = train(make_small(path, tmp_path / "run", look_back=1), quiet=True)
    assert np.isfinite(run.metrics["baselines"]["linear"]["mae"])


def test_dry_run_of_auto_counts_every_candidate(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "CANDIDATES", ("linear", "patch"))
    path = write_wide(tmp_path / "a.csv", make_waves(200))
    facts = {}
    for model in ("linear", "patch", "auto"):
        report = train(make_small(path, model=model), dry_run=True, quiet=True)
        facts[model] = report["estimate"]
    assert facts["auto"]["windows"] == 140 - 12 - 6 + 1
    sizes = {model: row["parameters"] for model, row in facts.items()}
    assert sizes["linear"] < sizes["patch"] == sizes["auto"]


def test_auto_says_what_it_chose_and_can_be_begun_with(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(config, "CANDIDATES", ("linear", "patch"))
    values = make_waves(200)
    values[20, 0] = np.nan
    path = write_wide(tmp_path / "a.csv", values)
    train(make_small(path, tmp_path / "run", model="auto"))
    said = capsys.readouterr().err
    assert re.search(
        r"^auto: (linear|patch), validation MAE \S+ \((linear|patch) \S+\)$", said, re.M
    )
    moved = tmp_path / "b.csv"
    (tmp_path / "a.csv").rename(moved)
    run = load(tmp_path / "run")
    assert run.metrics["data"]["missing_values"] == {"y0": 1}
    card = (tmp_path / "run" / "README.md").read_text()
    assert "Missing in the data: 1 values of y0." in card
    assert run.explain(str(moved))["covariates"] == {}  # its own data are gone
    older = resolve(TASK, Config(train=str(moved), init_from=str(run.path)))
    assert older.model == run.metrics["train"]["model"]
    # With more epochs, only the chosen model goes on.
    moved.rename(path)
    capsys.readouterr()
    more = make_small(
        path, tmp_path / "run", model="auto", epochs=run.config.epochs + 1
    )
    after = train(more)
    said = capsys.readouterr().err
    assert "goes on after epoch" in said and "model " not in said.split("goes on")[0]
    assert after.config.model == "auto"
    facts, before = after.metrics["train"], run.metrics["train"]
    assert facts["model"] == before["model"]
    assert facts["epochs"] == before["epochs"] + 1
    assert facts["chosen_by"] == before["chosen_by"]
    assert set(facts["candidates"]) == set(before["candidates"])
