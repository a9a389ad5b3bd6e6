"""Windows: which there are, and what they hold."""

import numpy as np
import pytest
from wave_tools import make_config, make_small, make_waves, write_long, write_wide

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.run.settings import resolve
from polyhead.apps.forecasting import TASK
from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.defaults.lengths import fit_lengths
from polyhead.apps.forecasting.series.windows import EpochBatches, Windows


def prepare(config):
    """The resolved configuration, and the windows of its data."""
    dataset = load_data(config)
    config = fit_lengths(resolve(TASK, config), dataset)
    return config, Windows(dataset, config.look_back, config.horizon)


def test_series_too_short_for_a_window_are_named(tmp_path):
    series = {"a": make_waves(300, 1), "b": make_waves(60, 1)}
    path = write_long(tmp_path / "a.csv", series)
    assert Windows(load_data(make_config(path)), 48, 12).report["warnings"] == [
        "series b: too short for a window of 48 and 12 steps, not in training"
    ]


def test_every_window_is_there_and_none_sees_its_future(tmp_path):
    values = make_waves(300, 1)
    config = make_config(write_wide(tmp_path / "a.csv", values), split="200,40,60")
    windows = Windows(load_data(config), 48, 12)
    assert len(windows.find("train")) == 200 - 48 - 12 + 1
    assert len(windows.find("validation")) == 40 - 12 + 1
    assert len(windows.find("test")) == 60 - 12 + 1
    window = windows.take(windows.find("test"))
    assert window.places[0] == 240 and window.places[-1] == 288
    np.testing.assert_allclose(
        window.inputs["history"][0, :, 0], values[192:240, 0], atol=1e-4
    )
    np.testing.assert_allclose(window.truth[0, :, 0], values[240:252, 0], atol=1e-4)
    assert window.inputs["start"][0].tolist() == [19723 + 10, 0]


def test_windows_of_several_series_do_not_mix(tmp_path):
    series = {"a": make_waves(300, 1), "b": make_waves(200, 1) + 1000}
    windows = Windows(
        load_data(make_config(write_long(tmp_path / "a.csv", series))), 48, 12
    )
    for part in ("train", "validation", "test"):
        window = windows.take(windows.find(part))
        high = window.inputs["history"][:, :, 0] > 600
        assert (high.all(axis=1) == (window.series == 1)).all()
        assert (high.any(axis=1) == (window.series == 1)).all()


def test_windows_without_a_truth_or_a_history_are_left_out(tmp_path):
    values = make_waves(300, 1)
    values[100:170] = np.nan
    config = make_config(write_wide(tmp_path / "a.csv", values), split="240,30,30")
    windows = Windows(load_data(config), 48, 12)
    found = windows.find("train")[:, 1]
    # Nothing ahead from 100 to 158, nothing behind from 148 to 170.
    assert not set(found) & set(range(100, 159))
    assert not set(found) & set(range(148, 171))
    assert {99, 171} <= set(found)


def test_too_short_for_a_window(tmp_path):
    config = make_config(write_wide(tmp_path / "a.csv", make_waves(70)))
    with pytest.raises(PolyheadError, match="look-back 48 and --horizon 12"):
        Windows(load_data(config), 48, 12).find("train")


def test_an_epoch_has_every_window_once(tmp_path):
    config = make_config(write_wide(tmp_path / "a.csv", make_waves(300)))
    windows = Windows(load_data(config), 48, 12)
    chosen = windows.find("train")
    epochs = [EpochBatches(windows, chosen, 64, 0, epoch) for epoch in (0, 1)]
    starts = []
    for batches in epochs:
        found = [batches[i][0]["start"] for i in range(len(batches))]
        starts.append(np.concatenate(found))
    for found in starts:
        assert len(np.unique(found, axis=0)) == len(chosen) == len(found)
    assert (starts[0] != starts[1]).any()


@pytest.mark.parametrize(
    "count, sizes", [(64, [32, 32]), (65, [64, 1]), (7, [4, 3]), (2, [1, 1]), (1, [1])]
)
def test_of_few_windows_too_there_are_two_updates_an_epoch(tmp_path, count, sizes):
    config = make_config(write_wide(tmp_path / "a.csv", make_waves(300)))
    windows = Windows(load_data(config), 48, 12)
    batches = EpochBatches(windows, windows.find("train")[:count], 64, 0, 0)
    assert [len(truth) for _, truth in batches] == sizes


def test_a_part_without_a_target_says_so(tmp_path):
    values = make_waves(200, 1)
    values[160:] = np.nan
    path = write_wide(tmp_path / "a.csv", values)
    _, windows = prepare(make_small(path, split="120,40,40"))
    with pytest.raises(PolyheadError, match="the test split has no value of a target"):
        windows.find("test")
