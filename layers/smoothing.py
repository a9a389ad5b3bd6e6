"""One pass of exponential smoothers over series, in the form of its innovations."""

from typing import NamedTuple

from keras import ops

from .tensors import Tensor

FIRST_SEASONS, FEWEST = 4, 12  # of the steps from which level and trend begin
SMALLEST = 1e-6  # standard deviation, as a share of the largest value
WIDEST = 50.0  # exponent
FURTHER = 1.5  # of the changes of a series, that a forecast may change
KNOWN_SHARE = 0.75  # of the values of a season, for an average to be one
HIGHEST = 1e9


class Series(NamedTuple):
    """N series of T steps in the units of their smoothers, in D kinds.

    Args:
        values: `(N, D, T)`, 0 where missing: of mean 0 and deviation 1, and logarithms.
        known: `(N, T)`, 1.0 or 0.0.
        place: `(N, T)`, the number of the step, from 0 at the first value.
        count: `(N,)`, the number of values.
        mean, scale: `(N,)`, which were taken away.
        unit: `(N,)`: what the logarithm of 1 is.
        floor: `(N,)`: the least that a forecast may be.
        valid: `(N, D)` bool: whether the series has such values.
    """

    values: Tensor
    known: Tensor
    place: Tensor
    count: Tensor
    mean: Tensor
    scale: Tensor
    unit: Tensor
    floor: Tensor
    valid: Tensor

    @property
    def target(self) -> Tensor:
        """The values with mean 0 and deviation 1, `(N, T)`."""
        return self.values[:, 0]

    def to_target(self, x: Tensor) -> Tensor:
        """What smoothers give, `(N, D, ...)`, in the units of `target`."""
        if self.values.shape[1] == 1:
            return x
        shape = (-1, *(1 for _ in x.shape[1:]))
        mean, scale, unit = (
            ops.reshape(each, shape) for each in (self.mean, self.scale, self.unit)
        )
        grown = (ops.exp(ops.clip(x[:, 1:], -WIDEST, WIDEST)) * unit - mean) / scale
        return ops.concatenate([x[:, :1], grown], axis=1)

    def restore(self, rows: Tensor) -> Tensor:
        """`(N, H, K)` in the units of `target` as the series are."""
        return rows * self.scale[:, None, None] + self.mean[:, None, None]


def make_series(x: Tensor, log: bool) -> Series:
    """Normalises `x (N, T)`, NaN where a value is missing; `log` adds a kind."""
    known = ops.logical_not(ops.isnan(x))
    x = ops.where(known, x, 0.0)
    positive = ops.all(ops.logical_or(x > 0, ops.logical_not(known)), axis=1)
    known = _cast(known)
    count = ops.sum(known, axis=1)
    most = ops.maximum(count, 1.0)
    # In two steps, as the squares of large numbers overflow.
    size = ops.max(ops.abs(x), axis=1)
    size = ops.where(size > 0, size, 1.0)
    share = x / size[:, None]
    mean = ops.sum(share, axis=1) / most
    centred = (share - mean[:, None]) * known
    deviation = ops.sqrt(ops.sum(centred * centred, axis=1) / most)
    deviation = ops.where(deviation > SMALLEST, deviation, 1.0)
    kinds = [centred / deviation[:, None]]
    unit = ops.where(mean > 0, mean, 1.0) * size
    if log:
        chosen = ops.logical_and(known > 0, positive[:, None])
        kinds.append(ops.log(ops.where(chosen, x, unit[:, None]) / unit[:, None]))
    place = ops.cumsum(_cast(ops.cumsum(known, axis=1) > 0), axis=1) - 1
    floor = ops.where(ops.min(x, axis=1) < 0, -HIGHEST, -mean / deviation)
    valid = ops.stack([ops.ones_like(positive), positive][: len(kinds)], axis=1)
    kinds = ops.stack(kinds, axis=1)
    return Series(
        kinds, known, place, count, mean * size, deviation * size, unit, floor, valid
    )


def find_seasons(series: Series, length: int) -> Tensor:
    """The season `(N, D, m)` of each series by classical decomposition."""
    half = length // 2
    ends = 0.5 if length % 2 == 0 else 0.0
    # A season before the first step, so that there is one.
    x, known = (
        ops.pad(each, [*[[0, 0]] * (len(each.shape) - 1), [length, 0]])
        for each in (series.values, series.known[:, None])
    )
    steps = x.shape[2] or ops.shape(x)[2]

    def total(values: Tensor) -> Tensor:
        """The centred moving sum over a season, `(N, D, T + m - 2 * half)`."""
        sums = ops.cumsum(ops.pad(values, [[0, 0], [0, 0], [1, 0]]), axis=2)
        middle = sums[:, :, 2 * half + 1 :] - sums[:, :, : steps - 2 * half]
        sides = values[:, :, : steps - 2 * half] + values[:, :, 2 * half :]
        return middle - ends * sides

    counts = total(known)
    inner = known[:, :, half : steps - half]
    good = inner * _cast(counts >= KNOWN_SHARE * length)
    level = total(x) / ops.maximum(counts, 1.0)
    rest = (x[:, :, half : steps - half] - level) * good
    phase = one_hot_phases(steps, length)[half : steps - half]
    season = ops.matmul(rest, phase) / ops.maximum(ops.matmul(good, phase), 1.0)
    return season - ops.mean(season, axis=2, keepdims=True)


def one_hot_phases(steps, length: int) -> Tensor:
    """`(T, m)`: 1.0 where a step is at this place in the season."""
    phase = ops.arange(steps, dtype="int32") % length
    places = ops.arange(length, dtype="int32")
    return _cast(ops.equal(phase[:, None], places[None]))


def begin(series: Series, x: Tensor, period: int) -> tuple[Tensor, ...]:
    """Where `x (N, D, T)` begins, each `(N, D, 1)`.

    Returns:
        The slope and the beginning of a line through its first values, the slope of
        one through all, and the mean of the very first.
    """
    place, known = (each[:, None] for each in (series.place, series.known))
    first = known * _cast(place < max(FIRST_SEASONS * period, FEWEST))
    early = known * _cast(place < max(6, period // 2))

    def line(weights: Tensor) -> tuple[Tensor, Tensor]:
        middle, mean = average(place, weights), average(x, weights)
        offset = weights * (place - middle)
        spread = ops.sum(offset * (place - middle), axis=2, keepdims=True)
        slope = ops.sum(offset * (x - mean), axis=2, keepdims=True)
        slope = slope / ops.maximum(spread, 1e-6)
        return slope, mean - slope * middle

    def average(x: Tensor, weights: Tensor) -> Tensor:
        total = ops.maximum(ops.sum(weights, axis=2, keepdims=True), 1.0)
        return ops.sum(weights * x, axis=2, keepdims=True) / total

    return *line(first), line(known)[0], average(x, early)


def smooth(
    series: Series, shares: dict, kinds: dict, length: int, period: int, skipped: Tensor
) -> tuple[Tensor, tuple]:
    """Runs K smoothers over series.

    Args:
        shares: `level_rate`, `trend_rate`, `damping` and, where `length` is not 1,
            `season_rate`, each `(K,)`.
        kinds: 1.0 or 0.0 `(K,)`: `ets`, whose trend follows; `theta`, whose trend is
            half the slope; `seasonal`, which have a season.
        length: the season's, m.
        period: the season by whose length the first level and trend are found.
        skipped: `(N,)`: steps whose errors do not count.

    Returns:
        The sum of absolute errors `(N, D, K)` in the units of `series.target`, and
        what `look_ahead` reads.
    """
    x, known, place = series.values, series.known, series.place
    steps = x.shape[2] or ops.shape(x)[2]
    kinds = {name: ops.convert_to_tensor(kind) for name, kind in kinds.items()}
    ets, theta, seasonal = (kinds[name] for name in ("ets", "theta", "seasonal"))
    level_rate, damping = shares["level_rate"], shares["damping"]
    trend_rate = ets * shares["trend_rate"] * level_rate
    slope, start, whole, mean = begin(series, x, period)
    states = None  # (m, N, D, K), which turns at each step
    if length > 1:
        season_rate = seasonal * shares["season_rate"] * (1 - level_rate)
        season = find_seasons(series, length)
        phases = ops.transpose(one_hot_phases(steps, length))
        adjusted = (x - ops.matmul(season, phases)) * known[:, None]
        plain, rest = (slope, start, whole, mean), begin(series, adjusted, period)
        slope, start, whole, mean = (
            a + seasonal * (b - a) for a, b in zip(plain, rest, strict=True)
        )
        # A series starts at any place of its season.
        states = ops.transpose(season, (2, 0, 1))[..., None] * seasonal
    trend = ets * slope + theta * whole / 2  # (N, D, K)
    level = ets * start + (1 - ets) * mean
    counts = known * _cast(place >= skipped[:, None])
    rows = known, counts, _cast(place >= 0), series.target

    def step(t, carried):
        level, trend, errors, *turning = carried
        value = ops.take(x, t, axis=2)[..., None]
        now = (ops.take(row, t, axis=1)[:, None, None] for row in rows)
        seen, counted, begun, target = now
        base = level + damping * trend
        forecast = base + turning[0][0] if turning else base
        error = (value - forecast) * seen
        missed = ops.abs(series.to_target(forecast) - target)
        level = level + begun * (base + level_rate * error - level)
        following = (1 - ets + ets * damping) * trend + trend_rate * error
        trend = trend + begun * (following - trend)
        if turning:
            latest = turning[0][:1] + (season_rate * error)[None]
            turning = [ops.concatenate([turning[0][1:], latest], axis=0)]
        return level, trend, errors + counted * missed, *turning

    turning = () if states is None else (states,)
    carried = level, trend, ops.zeros_like(level), *turning
    level, trend, errors, *turned = ops.fori_loop(0, steps, step, carried)
    return errors, (level, trend, damping, *turned)


def look_ahead(series: Series, ended: tuple, limits: tuple[Tensor, Tensor]) -> Tensor:
    """The forecasts `(N, D, H, K)`, as `series.target`, of what `smooth` ended with."""
    (level, trend, damping, *turned), (least, most) = ended, limits
    horizon = least.shape[2]
    power = ops.arange(1, horizon + 1, dtype="float32")[:, None]
    climbed = ops.cumsum(ops.power(damping[None], power), axis=0)  # (H, K)
    ahead = level[:, :, None] + climbed * trend[:, :, None]
    if turned:
        places = [h % turned[0].shape[0] for h in range(horizon)]
        states = ops.take(turned[0], places, axis=0)
        ahead = ahead + ops.transpose(states, (1, 2, 0, 3))
    return ops.maximum(ops.minimum(series.to_target(ahead), most), least)


def find_limits(series: Series, horizon: int) -> tuple[Tensor, Tensor]:
    """The least and the most, `(N, 1, H, 1)`, of a forecast in units of `target`.

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
    ups: list[Tensor] = []
    downs: list[Tensor] = []
    lag = 1
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
    return least[:, None, :, None], ops.maximum(most, least)[:, None, :, None]


def _cast(x: Tensor) -> Tensor:
    return ops.cast(x, "float32")
