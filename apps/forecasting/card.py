"""The run's README.md: what it is, how good it is, how to use it."""

from ..common.alignment import list_some
from ..common.run.card import name_source
from ..datasets import credit
from .scoring.comparison import format_metrics
from .series import name_silent

SHOWN_COLUMNS = 4  # of those with missing values


def make_card(run) -> str:
    """The model card as Markdown."""
    config, columns, metrics, path = run.config, run.columns, run.metrics, run.home
    train, credits = metrics["train"], credit(config.dataset)
    shape = ", ".join(columns.values)
    bound = ", none below 0" if config.non_negative else ""
    future = quantiles = calibrated = choice = ""
    if "candidates" in train:
        scores = [f"{name} {score:.4f}" for name, score in train["candidates"].items()]
        choice = f"\nChosen by {train['chosen_by']}: {', '.join(scores)}.\n"
    if columns.future:
        future = (
            f"\n- `future float32[1, {run.horizon}, {len(columns.future)}]`: "
            f"{', '.join(columns.future)} of the steps ahead"
        )
    if run.quantiles:
        levels = ", ".join(f"{level:g}" for level in run.quantiles)
        quantiles = (
            f", and\n`quantiles float32[1, {run.horizon}, {len(columns.targets)}, "
            f"{len(run.quantiles)}]` ({levels})"
        )
        calibrated = (
            " Quantiles were calibrated on validation data\n"
            "where these sufficed: they hold what they say as long as the future errs\n"
            "like that split did. The forecast is the quantile 0.5."
        )
    silent = "".join(
        f"\n{name} has no forecast at {list_some(phases)}: training has no value there."
        for name, phases in name_silent(run.assets.silent).items()
    )
    return f"""# {path.name}

Forecasts {", ".join(columns.targets)}: {run.horizon} steps ahead
({run.frequency}), from the {run.look_back} steps before.

Trained with Polyhead on `{name_source(config)}`, model `{train["model"]}`, preset
`{config.preset}`, seed {config.seed}: {train["epochs"]} epochs in
{train["seconds"]:.0f} s, of which epoch {train["best_epoch"]} is kept.{credits}
{choice}{_describe_missing(metrics)}
## Scores

```
{format_metrics(metrics)}
```

## Use

```
polyhead predict {path} --file new.csv
polyhead predict {path} --file new.csv --format csv --output forecast.csv
polyhead backtest {path} --test new.csv
polyhead export {path}
```

`export/model_*.tflite` take numbers in the units of the data, NaN for missing:

- `history float32[1, {run.look_back}, {len(columns.values)}]`: {shape}
- `start int32[1, 2]`: days since 1970-01-01 and second of the day of the first step
  that is forecast, by the clock of the data{future}

and give `forecast float32[1, {run.horizon}, {len(columns.targets)}]`{quantiles}
in the same units{bound}; NaN for a target whose history has no value.{silent}

## Limits

It knows the past of these series only.{calibrated}
"""


def _describe_missing(metrics: dict) -> str:
    data = metrics.get("data")
    if not data or not (data["missing_stamps"] or data["missing_values"]):
        return ""
    gaps, values = data["missing_stamps"], data["missing_values"]
    missing = [f"{gaps:,} time stamps without a row"] if gaps else []
    missing += [f"{count:,} values of {name}" for name, count in values.items()]
    more = len(missing) - SHOWN_COLUMNS
    rest = f" and of {more} more columns" if more > 0 else ""
    return f"\nMissing in the data: {', '.join(missing[:SHOWN_COLUMNS])}{rest}.\n"
