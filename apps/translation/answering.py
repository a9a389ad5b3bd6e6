"""How a trained translator answers. Imports no Keras."""

from collections.abc import Sequence
from pathlib import Path

from ..common.generation.answers import Hypotheses, format_texts, predict_texts
from ..common.generation.comparison import format_metrics
from ..common.task import Answering
from ..common.text.assets import PieceAssets
from ..common.text.run import TextRun
from .config import Config
from .data import format_report


def load_assets(config: Config, path: Path) -> PieceAssets:
    # The end symbol is special.
    return PieceAssets(path, num_special=1, normalization=config.normalization)


def predict(
    run: TextRun,
    texts: Sequence[str],
    beam_size: int | None = None,
    n_best: int = 1,
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    min_score: float | None = None,
    engine: str = "keras",
) -> list[Hypotheses]:
    """Translations of texts, the best first.

    Args:
        texts: any number of texts, cut at `max_tokens` pieces: a list, a tuple, an
            array, a Series or a generator of `str`. One `str` is one text.
        beam_size: hypotheses followed side by side; 1 is greedy. The run's own
            where absent.
        n_best: how many translations a text, no two alike; fewer where the search
            gave no more. Several sequences of pieces may spell the same text, so it
            follows twice as many hypotheses, and up to eight times as many for the
            texts that need it, unless `beam_size` is given.
        temperature: draws instead of searching; so do `top_k` and `top_p`, see
            `polyhead.layers.sample`.
        top_k: draw from the k most probable pieces only.
        top_p: draw from the most probable pieces that together reach this share.
        seed: of the draws; 0 where absent.
        min_score: a translation with a lower score is "unsure" instead.
        engine: "keras", "savedmodel" or "tflite"; the exported files decode as
            they were exported.

    Returns:
        For each text a list of `(translation, score)`: the log-probability over the
        number of pieces, the end counted; 0 is sure. A .tflite of Polyhead 0.2 gives no
        score (NaN).

    Raises:
        UsageError: something is no text.
    """
    drawing = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    return predict_texts(
        run,
        texts,
        engine,
        beam_size,
        n_best,
        drawing,
        seed,
        min_score,
        "translations",
    )


def format_answers(run: TextRun, inputs, answers, style: str) -> str:
    return format_texts(run, inputs, answers, style, "translation", "translations")


ANSWERING = Answering(
    run=TextRun,
    load_assets=load_assets,
    predict=predict,
    format_answers=format_answers,
    format_metrics=format_metrics,
    format_report=format_report,
)
