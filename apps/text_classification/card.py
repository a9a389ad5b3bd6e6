"""The run's README.md: what it is, how good it is, how to use it."""

from ..common.classification.comparison import format_metrics
from ..common.classification.label_file import describe_label
from ..common.run.card import describe_kept_epoch, name_source
from ..common.scoring.comparison import scored_split
from ..common.text.normalization.table import describe
from ..datasets import credit

SHOWN_LABELS = 60


def make_card(run) -> str:
    """The model card as Markdown."""
    config, metrics, path = run.config, run.metrics, run.home
    labels = [row["label"] for row in metrics[scored_split(metrics)]["per_class"]]
    source = name_source(config)
    shown = [describe_label(x, run.descriptions) for x in labels[:SHOWN_LABELS]]
    more = ", ..." if len(labels) > SHOWN_LABELS else ""
    return f"""# {path.name}

Text classifier, trained with Polyhead on `{source}` (preset `{config.preset}`,
seed {config.seed}): {describe_kept_epoch(metrics["train"])}.{credit(config.dataset)}

{len(labels)} labels: {", ".join(shown)}{more}

## Scores

```
{format_metrics(metrics)}
```

{metrics["protocol"]}.

## Use

```
polyhead predict {path} "some text"
polyhead export {path}
```

`export/model_*.tflite` take `text uint8[1, N]`, UTF-8 padded with zeros, and give
`probabilities float32[1, {len(labels)}]` in the order of `labels.txt`, and
`truncated int32[1]`: 1 if the text has more than the {config.max_tokens} pieces that
the model reads.
{describe(config.normalization, config.case_fold)}"""
