"""One pass of exponential smoothers over series, in the form of its innovations."""

from typing import NamedTuple

from keras import ops

from .tensors import Tensor

FIRST_SEASONS, FEWEST = 4, 12  # of the steps from which level and trend begin
SMALLEST = 1e-6  # standard deviation, as a share of the mean
WIDEST = 50.0  # exponent
FURTHER = 1.5  # of the changes of a series, that a forecast may change
HIGHEST = 1e9
KNOWN_SHARE = 0.75  # of the values of a season, for an average to be one


class Series(NamedTuple):
    """Series `(N, T)` in the units of their smoothers.

    Args:
        raw: `(N, T)`, as they came, 0 where missing.
        values: `(N, T)`, 0 where missing: with mean 0 and deviation 1, or logarithms.
        known: `(N, T)`, 1.0 or 0.0.
        place: `(N, T)`, the number of the step, from 0 at the first value.
        count: `(N,)`, the number of values.
        target: `(N, T)`: the values with mean 0 and deviation 1.
        mean, scale: `(N,)`, which were taken away.
        unit: `(N,)`: what the logarithm of 1 is; None of values as they are.
        floor: `(N,)`: the least that a forecast may be.
        valid: `(N,)` bool: whether the series has such values.
    """

    raw: Tensor
    values: Tensor
    known: Tensor
    place: Tensor
    count: Tensor
    target: Tensor
    mean: Tensor
    scale: Tensor
    unit: Tensor | None
    floor: Tensor
    valid: Tensor

    @classmethod
    def of(cls, x: Tensor) -> "Series":
        """Normalises `x (N, T)` with NaN where a value is missing."""
        known = ops.logical_not(ops.isnan(x))
        x = ops.where(known, x, 0.0)
        known = ops.cast(known, "float32")
        count = ops.sum(known, axis=1)
        most = ops.maximum(count, 1.0)
        # In two steps, as the squares of large numbers overflow.
        size = ops.max(ops.abs(x), axis=1)
        size = ops.where(size > 0, size, 1.0)
        share = x / size[:, None]
        mean = ops.sum(share, axis=1) / most
        centred = (share - mean[:, None]) * known
        deviation = ops.sqrt(ops.sum(centred * centred, axis=1) / most)
        scale = ops.where(deviation > SMALLEST, deviation, 1.0)
        values = centred / scale[:, None]
        begun = ops.cumsum(known, axis=1) > 0
        place = ops.cumsum(ops.cast(begun, "float32"), axis=1) - 1
        negative = ops.min(x, axis=1) < 0
        floor = ops.where(negative, -1e9, -mean / scale)
        return cls(
            x,
            values,
            known,
            place,
            count,
            values,
            mean * size,
            scale * size,
            None,
            floor,
            count >= 0,
        )

    def to_target(self, x: Tensor) -> Tensor:
        """What smoothers give, `(N, ...)`, in the units of `target`."""
        if self.unit is None:
            return x
        shape = (-1, *(1 for _ in x.shape[1:]))
        mean, scale, unit = (
            ops.reshape(each, shape) for each in (self.mean, self.scale, self.unit)
        )
        return (ops.exp(ops.clip(x, -WIDEST, WIDEST)) * unit - mean) / scale

    def restore(self, rows: Tensor) -> Tensor:
        """`(N, H, K)` in the units of `target` as the series are."""
        return rows * self.scale[:, None, None] + self.mean[:, None, None]


def take_log(series: Series) -> Series:
    """The logarithms of series; valid where all values are positive."""
    x, known = series.raw, series.known > 0
    positive = ops.all(ops.logical_or(x > 0, ops.logical_not(known)), axis=1)
    chosen = ops.logical_and(known, positive[:, None])
    unit = ops.where(series.mean > 0, series.mean, 1.0)
    logs = ops.log(ops.where(chosen, x, unit[:, None]) / unit[:, None])
    return series._replace(values=logs, unit=unit, valid=positive)


def add_seasons(series: Series, length: int) -> Tensor | None:
    """The season `(N, m)` of each series by classical decomposition; None for 1."""
    if length == 1:
        return None
    x, known, half = series.values, series.known, length // 2
    steps = x.shape[1] or ops.shape(x)[1]
    ends = 0.5 if length % 2 == 0 else 0.0

    def average(values: Tensor) -> Tensor:
        """The centred moving sum over a season, `(N, T - 2 * half)`."""
        total = ops.cumsum(ops.pad(values, [[0, 0], [1, 0]]), axis=1)
        middle = total[:, 2 * half + 1 :] - total[:, : steps - 2 * half]
        sides = values[:, : steps - 2 * half] + values[:, 2 * half :]
        return middle - ends * sides

    counts = average(known)
    inner = known[:, half : steps - half]
    good = inner * ops.cast(counts >= KNOWN_SHARE * length, "float32")
    level = average(x) / ops.maximum(counts, 1.0)
    rest = (x[:, half : steps - half] - level) * good
    phase = one_hot_phases(steps, length)[half : steps - half]  # (T - 2 * half, m)
    season = ops.matmul(rest, phase) / ops.maximum(ops.matmul(good, phase), 1.0)
    return season - ops.mean(season, axis=1, keepdims=True)


def one_hot_phases(steps, length: int) -> Tensor:
    """`(T, m)`: 1.0 where a step is at this place in the season."""
    phase = ops.arange(steps, dtype="int32") % length
    places = ops.arange(length, dtype="int32")
    return ops.cast(ops.equal(phase[:, None], places[None]), "float32")


def regress(x: Tensor, weights: Tensor, place: Tensor) -> tuple[Tensor, Tensor]:
    """The slope `(N,)` and the value at place 0 of a line through values."""
    total = ops.maximum(ops.sum(weights, axis=1), 1.0)[:, None]
    middle = ops.sum(weights * place, axis=1, keepdims=True) / total
    mean = ops.sum(weights * x, axis=1, keepdims=True) / total
    offset = weights * (place - middle)
    spread = ops.sum(offset * (place - middle), axis=1)
    slope = ops.sum(offset * (x - mean), axis=1) / ops.maximum(spread, 1e-6)
    return slope, mean[:, 0] - slope * middle[:, 0]


def smooth(
    series: Series,
    season: Tensor | None,
    shares: dict,
    ets,
    theta,
    period: int,
    limits: tuple[Tensor, Tensor],
    skipped: Tensor,
) -> tuple[Tensor, Tensor]:
    """Runs K smoothers over series.

    Args:
        season: `(N, m)`, from `add_seasons`.
        shares: `level_rate`, `trend_rate`, `damping`, and with a season `season_rate`,
            each `(K,)`.
        ets, theta: bool arrays `(K,)`: whose trend follows, and whose is Theta's.
        period: the season by whose length the first level and trend are found.
        limits: from `find_limits`.
        skipped: `(N,)`: steps whose errors do not count.

    Returns:
        The sum of absolute errors `(N, K)` and the forecasts `(N, H, K)`, in the units
        of `series.target`.
    """
    x, known, place = series.values, series.known, series.place
    steps = x.shape[1] or ops.shape(x)[1]
    level_rate, damping = shares["level_rate"], shares["damping"]
    ets, theta = (ops.convert_to_tensor(kind, "float32") for kind in (ets, theta))
    trend_rate = ets * shares["trend_rate"] * level_rate
    adjusted = x
    if season is not None:
        season_rate = shares["season_rate"] * (1 - level_rate)
        length = season.shape[1]
        phases = one_hot_phases(steps, length)
        adjusted = (x - ops.matmul(season, ops.transpose(phases))) * known
    first = max(FIRST_SEASONS * period, FEWEST)
    slope, start = regress(adjusted, known * _cast(place < first), place)
    whole, _ = regress(adjusted, known, place)
    early = known * _cast(place < max(6, period // 2))
    mean = ops.sum(adjusted * early, axis=1) / ops.maximum(ops.sum(early, axis=1), 1.0)
    trend = ets * slope[:, None] + theta * whole[:, None] / 2  # (N, K)
    level = ets * start[:, None] + (1 - ets) * mean[:, None]
    states = ops.zeros_like(level)[None]  # (m, N, K), rotated step by step
    if season is not None:
        states = ops.transpose(season)[:, :, None] + states
    counts = known * _cast(place >= skipped[:, None])
    begun = _cast(place >= 0)

    def step(t, carried):
        level, trend, states, errors = carried
        now = [ops.take(each, t, axis=1)[:, None] for each in rows]
        value, target, seen, counted, begun = now
        base = level + damping * trend
        forecast = base + states[0]
        error = (value - forecast) * seen
        missed = ops.abs(series.to_target(forecast) - target)
        level = begun * (base + level_rate * error) + (1 - begun) * level
        following = ets * damping * trend + (1 - ets) * trend + trend_rate * error
        trend = begun * following + (1 - begun) * trend
        if season is not None:
            latest = states[:1] + (season_rate * error)[None]
            states = ops.concatenate([states[1:], latest], axis=0)
        return level, trend, states, errors + counted * missed

    rows = x, series.target, known, counts, begun
    carried = level, trend, states, ops.zeros_like(level)
    level, trend, states, errors = ops.fori_loop(0, steps, step, carried)
    least, most = limits
    horizon = least.shape[1]
    power = ops.arange(1, horizon + 1, dtype="float32")[:, None]
    climbed = ops.cumsum(ops.power(damping[None], power), axis=0)  # (H, K)
    ahead = ops.take(states, [h % states.shape[0] for h in range(horizon)], axis=0)
    ahead = ops.transpose(ahead, (1, 0, 2))
    forecast = series.to_target(level[:, None] + climbed * trend[:, None] + ahead)
    return errors, ops.maximum(ops.minimum(forecast, most), least)


def find_limits(series: Series, horizon: int) -> tuple[Tensor, Tensor]:
    """The least and the most, `(N, H, 1)`, that a forecast may be, as `series.target`.

    A forecast moves from the last value by at most what the series has moved in so many
    steps, and half as much again. So it may grow as its series does, and not as an
    exponential of one that fits badly. The steps are rounded up to a power of two.
    """
    x, known, place = series.target, series.known, series.place
    steps = x.shape[1] or ops.shape(x)[1]
    newest = ops.max(place * known, axis=1, keepdims=True)
    last = ops.sum(x * known * _cast(ops.equal(place, newest)), axis=1, keepdims=True)
    low = ops.min(ops.where(known > 0, x, HIGHEST), axis=1)
    high = ops.max(ops.where(known > 0, x, -HIGHEST), axis=1)
    spread = ops.maximum(high - low, 0.0)
    ups, downs, lag = [], [], 1
    rise = fall = ops.zeros_like(low)
    while len(ups) < horizon:
        size = min(lag, horizon) - len(ups)
        # Padded, as no step may be so late.
        back = min(lag, steps) if isinstance(steps, int) else ops.minimum(lag, steps)
        both = known[:, : steps - back] * known[:, back:]
        change = (x[:, back:] - x[:, : steps - back]) * both
        change, both = (ops.pad(each, [[0, 0], [0, 1]]) for each in (change, both))
        unseen = ops.where(ops.max(both, axis=1) > 0, 0.0, spread)
        rise = ops.maximum(rise, ops.maximum(ops.max(change, axis=1), unseen))
        fall = ops.minimum(fall, ops.minimum(ops.min(change, axis=1), -unseen))
        ups += [rise] * size
        downs += [fall] * size
        lag *= 2
    most = last + FURTHER * ops.stack(ups, axis=1)  # (N, H)
    least = last + FURTHER * ops.stack(downs, axis=1)
    least = ops.maximum(least, series.floor[:, None])
    return least[:, :, None], ops.maximum(most, least)[:, :, None]


def _cast(x: Tensor) -> Tensor:
    return ops.cast(x, "float32")
