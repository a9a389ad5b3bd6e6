"""Hourly waves with a drift: series that a small forecaster soon learns."""

import numpy as np

from polyhead.apps.forecasting import Config

SETTINGS = {
    "look_back": 48,
    "horizon": 12,
    "epochs": 4,
    "hidden_dim": 16,
    "num_layers": 1,
    "num_heads": 2,
    "batch_size": 16,
    "learning_rate": 5e-3,
    "dropout": 0.0,
    "patch_length": 8,
}


def make_waves(steps=600, columns=2, seed=0):
    """`(steps, columns)`: a daily wave, a slow drift and some noise."""
    generator = np.random.default_rng(seed)
    time = np.arange(steps)[:, None]
    phase = np.arange(columns)[None, :]
    wave = 10.0 * np.sin(2 * np.pi * time / 24 + phase) + 0.01 * time
    return 100.0 * (phase + 1) + wave + generator.normal(0, 0.5, (steps, columns))


def hours(count, first="2024-01-01T00"):
    return np.datetime64(first, "s") + np.arange(count) * np.timedelta64(3600, "s")


def write_wide(path, values, names=None, stamps=None, time="date"):
    """Writes a wide CSV; NaN becomes an empty field."""
    names = names or [f"y{place}" for place in range(values.shape[1])]
    stamps = hours(len(values)) if stamps is None else stamps
    lines = [",".join([time, *names])]
    for stamp, row in zip(stamps, values, strict=True):
        cells = ["" if np.isnan(value) else f"{value:.6f}" for value in row]
        lines.append(",".join([str(stamp), *cells]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def write_long(path, series):
    """Writes a long CSV of name to values `(steps, 1)`."""
    lines = ["unique_id,ds,y"]
    for name, values in series.items():
        for stamp, value in zip(hours(len(values)), values[:, 0], strict=True):
            lines.append(f"{name},{stamp},{value:.6f}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def make_config(train, run=None, **changes):
    """A configuration that trains in seconds."""
    return Config(train=train, run=run and str(run), **(SETTINGS | changes))


def make_small(train, run=None, **changes):
    """A configuration of a linear model that trains in a second or two."""
    changes = {"model": "linear", "epochs": 1, "horizon": 6, "look_back": 12} | changes
    return make_config(train, run, **changes)


def days(count, first="2024-01-01", step=1):
    return np.datetime64(first, "s") + step * np.arange(count) * np.timedelta64(1, "D")
