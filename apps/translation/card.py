"""The run's README.md: what it is, how good it is, how to use it."""

from pathlib import Path

from ..common.generation.comparison import format_metrics
from ..common.text.normalization.table import describe
from ..datasets import credit
from .config import Config

_BASELINES = """
`copy` gives the source back; `nearest` the translation of the training sentence that
is most alike.
"""

_CARRIED = """
A text in capitals, or with a capital on each of three words and more, is read in small
letters, and answered in its case.
"""


def make_card(run) -> str:
    """The model card as Markdown."""
    config, metrics, path = run.config, run.metrics, run.home
    train, credits = metrics["train"], credit(config.dataset)
    case = ", and their case is folded" if config.case_fold else ""
    carried = _CARRIED if config.carry_case else ""
    return f"""# {path.name}

Translator{_languages(config)}, trained with Polyhead on {_data(config)}
(preset `{config.preset}`, seed {config.seed}): {train["epochs"]} epochs in
{train["seconds"]:.0f} s, of which epoch {train["best_epoch"]} is kept.{credits}

{_sizes(path, config, train)}

## Scores

```
{format_metrics(metrics)}
{metrics["chrf_signature"]}
```

{metrics["protocol"]}.
{_BASELINES if metrics["baselines"] else ""}{_examples(metrics)}
## Use

```
polyhead predict {path} "some text"
polyhead predict {path} --file lines.txt --output translated.txt
polyhead explain {path} "some text" --output attention.png
polyhead export {path}
```

`export/model_*.tflite` take `text uint8[1, N]`, UTF-8 padded with zeros, and give
`text uint8[1, M]`, UTF-8 padded with zeros, `truncated int32[1]` (0; plus 1 if not the
whole text was read, plus 2 if the answer is cut) and `score float32[1]` (the
log-probability of a piece of the answer: 0 is sure); tokenizer and decoding are inside.
{describe(config.normalization, config.case_fold)}{carried}
## Limits

- It knows sentences like those it was trained on. On other subjects, styles and
  languages it still writes something fluent, which may be wrong: have a reader check
  what matters, names and numbers first.
- Texts are translated one by one, without those around them. They are cut at
  {config.max_tokens} pieces{case}.
- The scores are of one run with one seed; the intervals tell how other sentences of
  the same kind would score, not how another training would.
"""


def _examples(metrics: dict) -> str:
    """The answers to the user's own sources, with their scores."""
    if not metrics.get("examples"):
        return ""
    rows = (
        (a.replace("|", "\\|"), b.replace("|", "\\|"), c)
        for a, b, c in metrics["examples"]
    )
    table = "\n".join(f"| {a} | {b} | {c:.2f} |" for a, b, c in rows)
    return f"""
## Examples

Each with its score, the log-probability of a piece: 0 is sure.

| source | answer | score |
|---|---|---:|
{table}
"""


def _languages(config: Config) -> str:
    if config.source_language and config.target_language:
        return f" from `{config.source_language}` to `{config.target_language}`"
    dates = config.dataset == "dates"
    return " from dates in many languages to ISO dates" if dates else ""


def _data(config: Config) -> str:
    if config.dataset or config.tfds:
        return f"`{config.dataset or config.tfds}`"
    files = config.train, config.train_source, config.train_target
    names = [f"`{Path(file).name}`" for file in files if file]
    return " and ".join(names) or "rows from Python"


def _sizes(path: Path, config: Config, train: dict) -> str:
    parts = [f"At most {config.vocabulary_size} joint pieces"]
    if "parameters" in train:
        parts.append(f"{train['parameters']:,} parameters")
    files = [path / "model.keras", *sorted((path / "export").glob("*.tflite"))]
    parts += [
        f"`{file.relative_to(path).as_posix()}` {file.stat().st_size / 1e6:.2f} MB"
        for file in files
        if file.exists()
    ]
    return "; ".join(parts) + "."
