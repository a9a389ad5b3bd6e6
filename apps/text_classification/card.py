"""The run's README.md: what it is, how good it is, how to use it."""

from pathlib import Path

from ..common.files import write_text
from .comparison import format_table
from .config import Config


def write_card(path: Path, config: Config, metrics: dict) -> None:
    """Writes the model card of a run."""
    write_text(path / "README.md", make_card(path, config, metrics))


def make_card(path: Path, config: Config, metrics: dict) -> str:
    """The model card as Markdown."""
    source = config.dataset or config.tfds or Path(config.train or "").name
    labels = [row["label"] for row in _scores(metrics)["per_class"]]
    train = metrics["train"]
    shown = ", ".join(labels[:60]) + (", ..." if len(labels) > 60 else "")
    return f"""# {path.name}

Text classifier, trained with Polyhead on `{source}` (preset `{config.preset}`,
seed {config.seed}): {train["epochs"]} epochs in {train["seconds"]:.0f} s, of which
epoch {train["best_epoch"]} is kept.

{len(labels)} labels: {shown}

## Scores

```
{format_table(metrics)}
```

{metrics["protocol"]}.

## Use

```
polyhead predict {path} "some text"
polyhead export {path}
```

`export/model_*.tflite` take `text uint8[1, N]`, UTF-8 padded with zeros, and give
`probabilities float32[1, {len(labels)}]` in the order of `labels.txt`.
Texts are cut at {config.max_tokens} pieces.
"""


def _scores(metrics: dict) -> dict:
    return metrics["test"] if "test" in metrics else metrics["validation"]
