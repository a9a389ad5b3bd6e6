"""Numbers whose changes float32 rounds away: said, by train and by predict."""

import re

import numpy as np
import pytest
from wave_tools import days, make_small, make_waves, write_wide

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.forecasting import train
from polyhead.apps.forecasting.answering import ANSWERING
from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.series.statistics import mean_and_spread


def write(path, *columns, names=None):
    """Full digits, which `write_wide` cuts."""
    names = names or [f"y{place}" for place in range(len(columns))]
    rows = zip(days(len(columns[0])), *columns, strict=True)
    lines = [",".join(map(str, row)) for row in rows]
    path.write_text("\n".join([",".join(["date", *names]), *lines]) + "\n")
    return str(path)


NOISE = np.random.default_rng(0).normal(0, 1, 120)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (1e8 + NOISE.cumsum(), "to steps of 8, .*: subtract 100000000 first"),
        (-1e8 + 9 * NOISE, "to steps of 8, .*: subtract -100000000 first"),
        (1e12 + 1e5 * NOISE, "subtract 1000000000000 first"),
        (1.7e9 + 60 * np.arange(120), "to steps of 1.3e[+]02, but it changes by 60"),
        (1e-44 * NOISE, "multiply it by 1e[+]45 first"),
        (20_000_000 + np.arange(120.0), "subtract 2"),
    ],
)
def test_the_report_says_so(tmp_path, values, said):
    path = write(tmp_path / "a.csv", make_waves(120, 1)[:, 0], values)
    warnings = load_data(make_small(path)).report["warnings"]
    assert len(warnings) == 1 and not any("never changes" in w for w in warnings)
    assert re.search(f"column 'y1': .*{said}", warnings[0])


@pytest.mark.parametrize(
    "values",
    [
        NOISE,
        1e-30 * NOISE,
        1e30 * NOISE,
        1.7e9 + 86_400 * np.arange(120.0),
        10 ** np.linspace(-6, 12, 120),
        315 + np.arange(120) / 10,
        (NOISE > 1).astype(float),
        1e12 + 1e8 * NOISE,
        np.r_[NOISE[:119], 1e12],
    ],
)
def test_what_float32_keeps_has_no_warning(tmp_path, values):
    path = write(tmp_path / "a.csv", make_waves(120, 1)[:, 0], values)
    assert load_data(make_small(path)).report["warnings"] == []


def test_a_target_that_changes_only_in_float64_does_not_never_change(tmp_path):
    path = write(tmp_path / "a.csv", 1e12 + NOISE)
    with pytest.raises(PolyheadError, match="y0': float32 keeps it .*: subtract 1000"):
        load_data(make_small(path))
    path = write(tmp_path / "b.csv", np.full(120, 1e12))
    with pytest.raises(PolyheadError, match="'y0' never changes"):
        load_data(make_small(path))


def test_the_series_are_named(tmp_path):
    lines = ["unique_id,ds,y"]
    for name, level in (("small", 1e-3), ("large", 1e8), ("huge", 1e12)):
        lines += [
            f"{name},{stamp},{level + 1e-3 * noise!r}"
            for stamp, noise in zip(days(120), NOISE.tolist(), strict=True)
        ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines) + "\n")
    (warning,) = load_data(make_small(str(path))).report["warnings"]
    assert warning.startswith("column 'y' of series large, huge: float32 keeps it")


def test_predict_says_so_of_a_new_file(tmp_path):
    waves = make_waves(120, 1)
    table = write_wide(tmp_path / "a.csv", waves, stamps=days(120))
    config = make_small(table, tmp_path / "run")
    run = train(config, quiet=True)
    run.predict(write(tmp_path / "b.csv", 1e8 + NOISE))
    (note,) = run.notes
    assert note.startswith(f"{tmp_path / 'b.csv'}: column 'y0': float32 keeps it to")
    assert note.endswith("subtract 100000000 first")
    run.predict(write(tmp_path / "b.csv", NOISE))
    assert run.notes == []


def test_predict_says_so_of_the_run_s_own_data_and_shows_all_digits(tmp_path):
    table = write(tmp_path / "a.csv", 1e8 + NOISE.cumsum(), 2e4 + NOISE)
    run = train(make_small(table, tmp_path / "run"), quiet=True)
    found = run.predict()
    own = run.notes
    assert len(own) == 1 and own[0].startswith(f"{table}: column 'y0': float32 keeps")
    run.predict(table)
    assert run.notes == own
    found[0].values[0] = [100_000_001, 12.345678]
    row = ANSWERING.format_answers(run, None, found, "text").splitlines()[1].split()
    whole = f"{found[0].values[0, 0]:.0f}"
    assert whole in row and "12.346" in row and not any("e+" in cell for cell in row)


def test_a_spread_of_one_rounding_is_a_spread():
    values = np.array([[1e8], [1e8 + 8], [1e8]], np.float32)
    assert mean_and_spread(values)[1] == pytest.approx(3.77, abs=0.01)
    assert mean_and_spread(np.full((1000, 1), 0.1, np.float32))[1] == 1
