"""The run's README.md: what it is, how good it is, how to use it."""

from pathlib import Path

from ..common.files import write_text
from ..common.run.card import kept_notes
from .comparison import format_table
from .config import Config
from .series.frames import Columns
from .series.frequency import Frequency


def write_card(
    path: Path, config: Config, columns: Columns, frequency: Frequency, metrics: dict
) -> None:
    """Writes the model card of a run; a section "## Data" at its end stays."""
    text = make_card(path, config, columns, frequency, metrics)
    write_text(path / "README.md", text + kept_notes(path))


def make_card(path, config, columns, frequency, metrics) -> str:
    """The model card as Markdown."""
    train = metrics["train"]
    shape = ", ".join(columns.values)
    future = ""
    if columns.future:
        future = (
            f"\n- `future float32[1, {config.horizon}, {len(columns.future)}]`: "
            f"{', '.join(columns.future)} of the steps ahead"
        )
    quantiles = ""
    if config.quantiles:
        levels = ", ".join(f"{level:g}" for level in sorted(config.quantiles))
        quantiles = (
            f", and\n`quantiles float32[1, {config.horizon}, {len(columns.targets)}, "
            f"{len(config.quantiles)}]` ({levels})"
        )
    return f"""# {path.name}

Forecasts {", ".join(columns.targets)}: {config.horizon} steps ahead
({frequency}), from the {config.look_back} steps before.

Trained with Polyhead on {_data(config)}, model `{train["model"]}`, preset
`{config.preset}`, seed {config.seed}: {train["epochs"]} epochs in
{train["seconds"]:.0f} s, of which epoch {train["best_epoch"]} is kept.
{_chosen(train)}{_missing(metrics)}
## Scores

```
{format_table(metrics)}
```

## Use

```
polyhead predict {path} --file new.csv
polyhead predict {path} --file new.csv --format csv --output forecast.csv
polyhead backtest {path}
polyhead export {path}
```

`export/model_*.tflite` take numbers in the units of the data, NaN for missing:

- `history float32[1, {config.look_back}, {len(columns.values)}]`: {shape}
- `start int32[1, 2]`: days since 1970-01-01 and second of the day of the first step
  that is forecast, by the clock of the data{future}

and give `forecast float32[1, {config.horizon}, {len(columns.targets)}]`{quantiles}
in the same units.

## Limits

It knows the past of these series only.{_calibrated(config)}
"""


def _calibrated(config: Config) -> str:
    if not config.quantiles:
        return ""
    return (
        " Quantiles were calibrated on validation data:\n"
        "they hold what they say as long as the future errs like that part did."
    )


def _data(config: Config) -> str:
    if config.dataset or config.tfds:
        return f"`{config.dataset or config.tfds}`"
    return f"`{Path(str(config.train)).name}`"


def _missing(metrics: dict) -> str:
    data = metrics.get("data")
    if not data or not (data["missing_stamps"] or data["missing_values"]):
        return ""
    gaps, values = data["missing_stamps"], data["missing_values"]
    found = [f"{gaps:,} time stamps without a row"] if gaps else []
    found += [f"{count:,} values of {name}" for name, count in values.items()]
    more = f" and of {len(found) - 4} more columns" if len(found) > 4 else ""
    return f"\nMissing in the data: {', '.join(found[:4])}{more}.\n"


def _chosen(train: dict) -> str:
    if "candidates" not in train:
        return ""
    found = ", ".join(
        f"{name} {score:.4f}" for name, score in train["candidates"].items()
    )
    return f"\nChosen by {train['chosen_by']}: {found}.\n"
