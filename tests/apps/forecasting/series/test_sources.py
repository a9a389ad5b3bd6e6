"""Tables from files, TFDS and the embedded set."""

import gzip

import numpy as np
import pandas as pd
import pytest
from wave_tools import hours, make_config, make_small, make_waves, write_long

from polyhead.apps.forecasting import Config
from polyhead.apps.forecasting.data import load_data


def test_long_table_and_packed_file(tmp_path):
    series = {"a": make_waves(90, 1), "b": make_waves(60, 1, seed=1)}
    path = tmp_path / "long.csv.gz"
    plain = write_long(tmp_path / "long.csv", series)
    path.write_bytes(gzip.compress(open(plain, "rb").read()))
    dataset = load_data(make_small(str(path)))
    assert [part.name for part in dataset.series] == ["a", "b"]
    assert [len(part) for part in dataset.series] == [90, 60]
    assert dataset.columns.targets == ("y",)
    assert dataset.ends["train"].tolist() == [63, 42]


def test_parquet(tmp_path):
    values = make_waves(50, 1)
    frame = pd.DataFrame({"ds": hours(50), "y": values[:, 0]})
    frame.to_parquet(tmp_path / "a.parquet")
    dataset = load_data(make_config(str(tmp_path / "a.parquet")))
    np.testing.assert_allclose(dataset.series[0].values, values, atol=1e-4)
    assert dataset.series[0].start == np.datetime64("2024-01-01")


def test_embedded_set():
    dataset = load_data(Config(dataset="co2"))
    assert str(dataset.frequency) == "W" and dataset.season == 52
    assert len(dataset.series[0]) == 2284
    assert dataset.report["missing_values"] == {"co2": 59}


@pytest.mark.tensorflow
def test_tfds_rows_come_in_time_order(tmp_path, monkeypatch):
    tfds = pytest.importorskip("tensorflow_datasets")
    # Else TFDS asks a bucket on the network about every name.
    monkeypatch.setattr(
        "tensorflow_datasets.core.utils.gcs_utils._is_gcs_disabled", True
    )
    values = make_waves(200)

    class TinyWaves(tfds.core.GeneratorBasedBuilder):
        """Made for this test."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            features = {"timestamp": tfds.features.Text()}
            features |= {name: np.float32 for name in ("y0", "y1")}
            features = tfds.features.FeaturesDict(features)
            return tfds.core.DatasetInfo(builder=self, features=features)

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            for stamp, row in zip(hours(200), values, strict=True):
                columns = {"timestamp": str(stamp), "y0": row[0], "y1": row[1]}
                yield str(stamp), columns

    TinyWaves(data_dir=str(tmp_path)).download_and_prepare()
    dataset = load_data(Config(tfds="tiny_waves", tfds_dir=str(tmp_path)))
    assert dataset.columns.targets == ("y0", "y1")
    np.testing.assert_allclose(dataset.series[0].values, values, atol=1e-3)
