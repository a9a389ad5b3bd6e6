"""Windows of series: a history, and the steps after it that are to be forecast."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...common.errors import PolyheadError
from ..data import Dataset
from .statistics import spreads

SCORING_BATCH = 512


@dataclass(frozen=True)
class Window:
    """A batch of windows.

    Args:
        inputs: what the model takes: `history (B, L, columns)`, `start (B, 2)` and,
            where some are known, `future (B, H, future covariates)`.
        truth: `(B, H, targets)`, NaN where it is missing.
        series: `(B,)` numbers of the series.
        places: `(B,)` first forecast step in its series.
        spread: `(B, 1, targets)` standard deviations of the series in training.
    """

    inputs: dict[str, np.ndarray]
    truth: np.ndarray
    series: np.ndarray
    places: np.ndarray
    spread: np.ndarray


class Windows:
    """Cuts windows out of all series of a data set.

    Args:
        dataset: the series.
        look_back: steps of history, L.
        horizon: steps that are forecast, H.
    """

    def __init__(self, dataset: Dataset, look_back: int, horizon: int):
        self.dataset = dataset
        self.look_back = look_back
        self.horizon = horizon
        columns = dataset.columns
        self.num_targets = len(columns.targets)
        self.num_future = len(columns.future)
        # One after the other, so that a window is a slice of one array.
        self.values = np.concatenate([part.values for part in dataset.series])
        self.clock = np.concatenate(
            [part.clock(dataset.frequency)[:-1] for part in dataset.series]
        )
        self.spreads = spreads(dataset)
        lengths = [len(part) for part in dataset.series]
        self.offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]])

    def find(self, part: str) -> np.ndarray:
        """All windows of a part: `(N, 2)` series and first forecast step.

        A forecast lies in its part alone; the history may lie in the parts before.
        Windows with nothing to compare a forecast with are left out.

        Raises:
            PolyheadError: there is none.
        """
        begins, ends = self.dataset.bounds(part)
        found = []
        for number, (begin, end) in enumerate(zip(begins, ends, strict=True)):
            places = np.arange(max(begin, self.look_back), end - self.horizon + 1)
            found.append(np.stack([np.full(len(places), number), places], axis=1))
        windows = np.concatenate(found)
        if len(windows):
            windows = windows[self._has_truth(windows)]
        if not len(windows):
            sources = self.dataset.report["sources"]
            source = sources.get(part, sources["train"])
            edges = zip(self.offsets, begins, ends, strict=True)
            values = [self.values[at + begin : at + end] for at, begin, end in edges]
            targets = np.concatenate(values)[:, : self.num_targets]
            if len(targets) and np.isnan(targets).all():
                raise PolyheadError(
                    f"{source}: the {part} part has no value of a target: fill some "
                    "in, or give other rows"
                )
            longest = int((ends - begins).max())
            raise PolyheadError(
                f"{source}: no window fits: the "
                f"{part} part has at most {longest} steps a series (with "
                f"{int(ends.max())} from its beginning on), and a window needs "
                f"--look-back {self.look_back} and --horizon {self.horizon}: make "
                "them shorter, or give more rows"
            )
        return windows

    def left_out(self) -> list[str]:
        """Names of the series that are too short for a training window."""
        kept = set(self.find("train")[:, 0].tolist())
        series = self.dataset.series
        return [part.name for place, part in enumerate(series) if place not in kept]

    def _has_truth(self, windows):
        """Which windows have a target in the horizon and one in the history."""
        seen = ~np.isnan(self.values[:, : self.num_targets]).all(axis=1)
        counts = np.concatenate([[0], np.cumsum(seen)])
        place = self.offsets[windows[:, 0]] + windows[:, 1]
        ahead = counts[place + self.horizon] > counts[place]
        return ahead & (counts[place] > counts[place - self.look_back])

    def take(self, windows: np.ndarray) -> Window:
        """The values of some windows."""
        series, places = windows[:, 0], windows[:, 1]
        first = self.offsets[series] + places
        back = first[:, None] + np.arange(-self.look_back, 0)
        ahead = first[:, None] + np.arange(self.horizon)
        inputs = {"history": self.values[back], "start": self.clock[first]}
        if self.num_future:
            inputs["future"] = self.values[ahead, -self.num_future :]
        truth = self.values[ahead, : self.num_targets]
        return Window(inputs, truth, series, places, self.spreads[series][:, None])

    def stamps(self, window: Window, before: int = 0) -> np.ndarray:
        """`(B, before + H)` time stamps of the steps ahead, and of some before them."""
        parts, frequency = self.dataset.series, self.dataset.frequency
        return np.stack(
            [
                parts[number].stamps(frequency, place + self.horizon)[place - before :]
                for number, place in zip(window.series, window.places, strict=True)
            ]
        )

    def batches(self, windows: np.ndarray) -> Iterator[Window]:
        """All windows in turn."""
        for start in range(0, len(windows), SCORING_BATCH):
            yield self.take(windows[start : start + SCORING_BATCH])


class EpochBatches(Sequence):
    """The windows of an epoch in an order of its own; cut out when they are wanted.

    Args:
        windows: from which they are cut.
        chosen: `(N, 2)` from `Windows.find`.
        batch_size: windows a batch; the last one may be smaller.
        seed: with the epoch, of the order.
        epoch: its number.
    """

    def __init__(self, windows, chosen, batch_size, seed, epoch):
        order = np.random.default_rng([seed, epoch]).permutation(len(chosen))
        self.windows = windows
        self.chosen = chosen[order]
        # Keras reads off two batches of unlike sizes that the size may vary.
        self.batch_size = min(batch_size, max(1, len(chosen) - 1))

    def __len__(self):
        return -(-len(self.chosen) // self.batch_size)

    def __getitem__(self, number):
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        first = number * self.batch_size
        window = self.windows.take(self.chosen[first : first + self.batch_size])
        return window.inputs, with_spread(window)


def with_spread(window: Window) -> np.ndarray:
    """What the loss takes, `(B, H + 1, T)`: the truth, and last the spread."""
    return np.concatenate([window.truth, window.spread], axis=1).astype(np.float32)
