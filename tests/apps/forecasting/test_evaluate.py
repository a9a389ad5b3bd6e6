"""Which rows are scored."""

import numpy as np
import pytest
from wave_tools import hours, make_small, make_waves, write_long, write_wide

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.forecasting import train
from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.series.windows import Windows


def test_what_was_not_measured_has_no_error(tmp_path):
    values = make_waves(300, 1)
    path = write_long(tmp_path / "a.csv", {"long": values, "short": values[:24]})
    run = train(make_small(path, tmp_path / "run"), quiet=True)
    short = run.metrics["test"]["by_series"]["short"]
    assert set(short.values()) == {None}
    floor = run.metrics["baselines"]["last-value"]["by_series"]["short"]
    assert set(floor.values()) == {None}
    assert run.metrics["test"]["mae"] > 0


@pytest.mark.parametrize(("step", "row"), [(2, 3), (0.5, 3)])
def test_test_rows_of_another_frequency(tmp_path, step, row):
    path = write_wide(tmp_path / "a.csv", make_waves(200))
    gap = np.timedelta64(int(step * 3600), "s")
    stamps = hours(201)[-1] + np.arange(100) * gap
    later = write_wide(tmp_path / "b.csv", make_waves(100), stamps=stamps)
    message = rf"b.csv: row {row}: its steps are .*, but .*a.csv has steps of h: bring"
    with pytest.raises(PolyheadError, match=message):
        load_data(make_small(path, tmp_path / "run", test=later))
    run = train(make_small(path, tmp_path / "run"), quiet=True)
    with pytest.raises(PolyheadError, match=message):
        run.evaluate(test=later)
    with pytest.raises(PolyheadError, match=f"row {row}: .* trained on steps of h:"):
        run.predict(later)


def test_later_rows_take_the_place_of_the_test_file_alone(tmp_path):
    values = make_waves(300)
    train_file, test_file, later = (
        write_wide(tmp_path / name, values[a:b], stamps=hours(300)[a:b])
        for name, a, b in (("a.csv", 0, 200), ("b.csv", 200, 250), ("c.csv", 250, 300))
    )
    config = make_small(train_file, None, test=test_file)
    own, dataset = load_data(config), load_data(config, later=later)
    for part in ("train", "validation"):
        assert dataset.ends[part] == own.ends[part]
    assert [int(edge[0]) for edge in dataset.bounds("test")] == [250, 300]
    np.testing.assert_allclose(dataset.series[0].values, values, rtol=1e-5)
    assert dataset.report["steps"] == {"train": 180, "validation": 20, "test": 50}
    assert dataset.report["sources"]["test"] == later
    with pytest.raises(PolyheadError, match="a.csv: 180 of its 200 .* give rows that"):
        load_data(config, later=train_file)
    few = write_wide(tmp_path / "d.csv", values[:5], stamps=hours(305)[300:])
    with pytest.raises(PolyheadError, match="d.csv: no window fits: the test split"):
        Windows(load_data(config, later=few), 12, 6).find("test")
