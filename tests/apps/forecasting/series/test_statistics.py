"""Level and spread of training rows."""

import numpy as np
import pytest
from wave_tools import hours, make_config, make_waves, write_long

from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.series.statistics import spreads, standardisation


def test_a_series_shorter_than_the_horizon_trains_nothing(tmp_path):
    series = {"long": make_waves(300, 1), "short": make_waves(5, 1) * 1000}
    later = {"long": make_waves(400, 1)[300:], "short": make_waves(25, 1)[5:]}
    train = write_long(tmp_path / "a.csv", series)
    text = (tmp_path / "a.csv").read_text().splitlines()[:1]
    starts = {"long": 300, "short": 5}
    for name, values in later.items():
        stamps = hours(starts[name] + len(values))[starts[name] :]
        rows = zip(stamps, values[:, 0], strict=True)
        text += [f"{name},{stamp},{value:.6f}" for stamp, value in rows]
    (tmp_path / "b.csv").write_text("\n".join(text) + "\n")
    dataset = load_data(make_config(train, test=str(tmp_path / "b.csv")))
    assert dataset.ends["train"].tolist() == [300 - 30, 0]
    assert standardisation(dataset)[1] == pytest.approx(spreads(dataset)[0], rel=1e-6)


def test_a_series_that_rests_in_training_has_the_spread_of_the_others(tmp_path):
    series = {str(n): 1e4 * make_waves(200, 1, n) for n in range(3)}
    still = np.full((200, 1), 7.0)
    still[150:] = 1e6
    path = write_long(tmp_path / "a.csv", series | {"still": still})
    found = spreads(load_data(make_config(path)))[:, 0]
    assert found[3] == np.median(found[:3]) > 1e4
