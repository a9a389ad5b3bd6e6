"""Windows of series: a history, and the steps after it that are to be forecast."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...common.alignment import list_some
from ...common.errors import PolyheadError
from .dataset import Dataset
from .frequency import split_stamps
from .phases import is_silent
from .statistics import spreads

SCORING_BATCH = 512


@dataclass(frozen=True)
class Window:
    """A batch of windows.

    The model takes the inputs `history (B, L, columns)`, `start (B, 2)` and, with
    known-future covariates, `future (B, H, future covariates)`.
    """

    inputs: dict[str, np.ndarray]
    # (B, H, targets), NaN where it is missing, or where nothing can be said of it: the
    # target has no value in the history, or never at this time of the week.
    truth: np.ndarray
    series: np.ndarray  # (B,) numbers of the series
    places: np.ndarray  # (B,) first forecast step in its series
    spread: np.ndarray  # (B, 1, targets) standard deviations of the series in training

    @property
    def past(self) -> np.ndarray:
        """`(B, L, targets)`: the history without its covariates."""
        return self.inputs["history"][:, :, : self.truth.shape[2]]

    def errors(self, forecast: np.ndarray) -> np.ndarray:
        """Absolute errors `(B, H, targets)` in units of the spread, NaN for missing."""
        return np.abs(forecast - self.truth) / self.spread


class Windows:
    """Cuts windows of L + H steps, look-back and horizon, out of all series."""

    def __init__(self, dataset: Dataset, look_back: int, horizon: int):
        self.dataset, self.look_back, self.horizon = dataset, look_back, horizon
        self.num_targets = len(dataset.columns.targets)
        self.num_future = len(dataset.columns.future)
        # One after the other, so that a window is a slice of one array.
        self.values = np.concatenate([one.values for one in dataset.series])
        stamps = [one.stamps(dataset.frequency) for one in dataset.series]
        steps = np.concatenate(stamps)
        self.clock = split_stamps(steps)
        targets = self.values[:, : self.num_targets]
        silent = is_silent(steps, dataset.columns.targets, dataset.silent)
        self.truth = np.where(silent, np.nan, targets) if silent.any() else targets
        self.spreads = spreads(dataset)
        lengths = [len(one) for one in dataset.series]
        self.offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]])

    @property
    def report(self) -> dict:
        """The data set's report, which also warns of series without a window."""
        report, trained = self.dataset.report, np.unique(self.find("train")[:, 0])
        series = enumerate(self.dataset.series)
        names = [one.name for number, one in series if number not in trained]
        if not names:
            return report
        warning = (
            f"series {list_some(names)}: too short for a window of {self.look_back} "
            f"and {self.horizon} steps, not in training"
        )
        return report | {"warnings": [*report["warnings"], warning]}

    @property
    def differences(self) -> tuple[str, ...]:
        """See `Dataset`."""
        return self.dataset.differences

    @property
    def is_whole(self) -> bool:
        """See `Dataset`."""
        return self.dataset.is_whole

    def find(self, split: str) -> np.ndarray:
        """All windows of a split: `(N, 2)` series and first forecast step.

        A forecast lies in its split alone; the history may lie in the splits before.
        Windows without a target that has a value in their history and one in their
        forecast are left out; one at least has to remain.
        """
        look_back, horizon = self.look_back, self.horizon
        bounds = zip(*self.dataset.bounds(split), strict=True)
        places = [np.arange(max(b, look_back), e - horizon + 1) for b, e in bounds]
        series = np.repeat(np.arange(len(places)), [len(steps) for steps in places])
        windows = np.stack([series, np.concatenate(places)], axis=1)
        windows = windows[self._has_truth(windows)]
        if not len(windows):
            raise self._no_window(split)
        return windows

    def _no_window(self, split: str) -> PolyheadError:
        begins, ends = self.dataset.bounds(split)
        sources = self.dataset.report["sources"]
        source = sources.get(split) or sources["train"]
        edges = zip(self.offsets, begins, ends, strict=True)
        values = [self.values[at + begin : at + end] for at, begin, end in edges]
        targets = np.concatenate(values)[:, : self.num_targets]
        if len(targets) and np.isnan(targets).all():
            return PolyheadError(
                f"{source}: the {split} split has no value of a target: fill some in, "
                "or give other rows"
            )
        shorter = "make them shorter, or " if self.look_back + self.horizon > 2 else ""
        return PolyheadError(
            f"{source}: no window fits: the {split} split has at most "
            f"{int((ends - begins).max())} steps a series (with {int(ends.max())} from "
            f"its beginning on), and a window needs --look-back {self.look_back} and "
            f"--horizon {self.horizon}: {shorter}give more rows"
        )

    def _has_truth(self, windows):
        """Which windows have a target with a value in the history and a truth."""
        place = self.offsets[windows[:, 0]] + windows[:, 1]
        found = np.zeros(len(windows), bool)
        for target in range(self.num_targets):
            seen, ahead = _count(self.values[:, target]), _count(self.truth[:, target])
            has_history = seen[place] > seen[place - self.look_back]
            found |= has_history & (ahead[place + self.horizon] > ahead[place])
        return found

    def take(self, windows: np.ndarray) -> Window:
        """The values of some windows."""
        series, places = windows[:, 0], windows[:, 1]
        first = self.offsets[series] + places
        back = first[:, None] + np.arange(-self.look_back, 0)
        ahead = first[:, None] + np.arange(self.horizon)
        inputs = {"history": self.values[back], "start": self.clock[first]}
        if self.num_future:
            inputs["future"] = self.values[ahead, -self.num_future :]
        past = inputs["history"][:, :, : self.num_targets]
        is_empty = np.isnan(past).all(axis=1, keepdims=True)
        truth = np.where(is_empty, np.float32(np.nan), self.truth[ahead])
        return Window(inputs, truth, series, places, self.spreads[series][:, None])

    def stamps(self, window: Window, before: int = 0) -> np.ndarray:
        """`(B, before + H)` time stamps of the steps ahead, and of some before them."""
        series, frequency = self.dataset.series, self.dataset.frequency
        pairs = zip(window.series, window.places + self.horizon, strict=True)
        stamps = [series[number].stamps(frequency, end) for number, end in pairs]
        return np.stack([each[-self.horizon - before :] for each in stamps])

    def batches(self, windows: np.ndarray) -> Iterator[Window]:
        """All windows in turn."""
        for start in range(0, len(windows), SCORING_BATCH):
            yield self.take(windows[start : start + SCORING_BATCH])


class EpochBatches(Sequence):
    """The windows `(N, 2)` of an epoch in random order; batches are cut out on demand.

    A batch is `Window.inputs`, and the truth with a row of the spread at its end. The
    seed and the epoch decide the order.
    """

    def __init__(self, windows: Windows, chosen, batch_size: int, seed: int, epoch):
        order = np.random.default_rng([seed, epoch]).permutation(len(chosen))
        self.windows = windows
        self.chosen = chosen[order]
        # Of few windows, too, two updates an epoch.
        halves = -(-len(chosen) // 2)
        self.batch_size = batch_size if len(chosen) > batch_size else halves

    def __len__(self):
        return -(-len(self.chosen) // self.batch_size)

    def __getitem__(self, number):
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        if not 0 <= number < len(self):
            raise IndexError(f"batch {number} of {len(self)}")
        first = number * self.batch_size
        window = self.windows.take(self.chosen[first : first + self.batch_size])
        truth = np.concatenate([window.truth, window.spread], axis=1)
        return window.inputs, truth.astype(np.float32)


def _count(values: np.ndarray) -> np.ndarray:
    """How many of `values (N,)` before each step, and in all, are known: `(N + 1,)`."""
    return np.concatenate([[0], np.cumsum(~np.isnan(values))])


def spaced(windows: np.ndarray, count: int) -> np.ndarray:
    """`count` windows spaced evenly over those given, the last among them."""
    places = np.unique(np.linspace(len(windows) - 1, 0, count).round().astype(int))
    return windows[places]
