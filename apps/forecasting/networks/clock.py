"""Calendar features of every step, in the graph, by int32 arithmetic."""

from functools import reduce

import numpy as np
from keras import ops

from ..series.frequency import DAY, MICRO, Frequency

QUADRENNIUM = 1461  # days of four years
MOST_PHASES = 24  # of a cycle: hours of a day


def step_times(start, offsets: np.ndarray, frequency: Frequency):
    """Days since 1970-01-01 and seconds of the day of steps, each `(B, T)` int32.

    `start (B, 2)` has those of the first forecast step, by the clock of the data, and
    `offsets (T,)` count from there. Months count from their first day.
    """
    if frequency.unit == "microsecond":  # the clock has whole seconds
        offsets, frequency = offsets * frequency.step // MICRO, Frequency("second", 1)
    start = ops.cast(start, "int32")
    days, seconds = start[:, :1], start[:, 1:]
    offsets = ops.expand_dims(ops.convert_to_tensor(offsets, dtype="int32"), 0)
    if frequency.unit == "business":
        number = business_number(days) + offsets
        return 7 * (number // 5) + ops.mod(number, 5) - 3, seconds + 0 * offsets
    if frequency.unit == "month":
        month = month_number(days) + frequency.step * offsets
        return first_day(month), seconds + 0 * offsets
    if frequency.step % DAY == 0:  # whole days would overflow as seconds
        return days + offsets * (frequency.step // DAY), seconds + 0 * offsets
    total = seconds + offsets * frequency.step
    return days + total // DAY, ops.mod(total, DAY)


def business_number(days):
    """Business days since Monday 1969-12-29, of days since 1970-01-01."""
    return 5 * ((days + 3) // 7) + ops.mod(days + 3, 7)


def month_number(days):
    """Months since March of the year 0, of days since 1970-01-01.

    Hinnant, http://howardhinnant.github.io/date_algorithms.html
    """
    shifted = days + 719_468
    era = shifted // 146_097
    day = shifted - era * 146_097  # of the 400 years
    year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    day = day - (365 * year + year // 4 - year // 100)  # of the year from March on
    return (era * 400 + year) * 12 + (5 * day + 2) // 153


def first_day(month):
    """Days since 1970-01-01 of the first day of a `month_number`."""
    year, month = month // 12, ops.mod(month, 12)
    era = year // 400
    year = year - era * 400
    day = 365 * year + year // 4 - year // 100 + (153 * month + 2) // 5
    return era * 146_097 + day - 719_468


def cycle_phase(days, seconds, frequency: Frequency, cycle: int):
    """The position of each step in its cycle, from 0 to `cycle - 1`, int32.

    A cycle as long as the season follows the clock, even if a day or a week is no whole
    number of steps. Another cycle counts steps, or the steps of days, since 1970.
    """
    step, season = frequency.step, frequency.season
    if frequency.unit == "microsecond":  # which the clock does not tell apart
        return 0 * (days + seconds)
    if frequency.unit == "business":
        return ops.mod(business_number(days), cycle)
    if frequency.unit == "month":
        return ops.mod(month_number(days) // step, cycle)
    if step >= 7 * DAY:
        if cycle != season:
            return ops.mod(days // (step // DAY), cycle)
        # A year is no whole number of weeks, so the date decides.
        return ops.mod(4 * days, QUADRENNIUM) * cycle // QUADRENNIUM
    if step >= DAY:
        if cycle == season and 7 * DAY % step:
            return (ops.mod(days + 3, 7) * DAY + seconds) * cycle // (7 * DAY)
        return ops.mod(days // (step // DAY), cycle)
    if cycle == season and DAY % step:
        return seconds * cycle // DAY
    daily = max(1, DAY // step)
    return ops.mod(ops.mod(days + 3, cycle) * daily + seconds // step, cycle)


def calendar_features(days, seconds, cycles):
    """`(B, T, F)` float32: waves over day and year, and a one-hot weekday."""
    features = []
    if "day" in cycles:
        features += _waves(ops.cast(seconds, "float32") / DAY, 3)
    if "week" in cycles:
        weekday = ops.expand_dims(ops.mod(days + 3, 7), 2)
        week = ops.convert_to_tensor(np.arange(7), dtype="int32")
        features.append(ops.cast(ops.equal(weekday, week), "float32"))
    if "year" in cycles:
        year = ops.cast(ops.mod(4 * days, QUADRENNIUM), "float32") / QUADRENNIUM
        features += _waves(year, 2)
    if not features:
        return ops.zeros((*ops.shape(days), 0))
    return ops.concatenate(features, axis=2)


def speaking(days, seconds, silent, targets: int):
    """Which steps are at no silent phase of a target: `(B, 1, T, H)`.

    `silent` has the number of a target, the unit and the phase; see
    `phases.find_silent`.
    """
    phases = {
        "hour": seconds // 3600,
        "weekday": ops.mod(days + 3, 7),
        "month": ops.mod(month_number(days) + 2, 12),  # from January on
    }
    found = []
    for unit in dict.fromkeys(unit for _, unit, _ in silent):
        table = np.ones((MOST_PHASES, targets), "float32")
        for target, of_unit, phase in silent:
            if of_unit == unit:
                table[phase, target] = 0.0
        steps = ops.take(ops.convert_to_tensor(table), phases[unit], axis=0)
        found.append(ops.transpose(steps, (0, 2, 1)) > 0.5)
    return ops.expand_dims(reduce(ops.logical_and, found), 1)


def _waves(phase, count):
    """Sine and cosine of the first harmonics of `phase (B, T)`, 1 for a whole cycle."""
    angle = ops.expand_dims(2 * np.pi * phase, 2)
    harmonics = [angle * float(k) for k in range(1, count + 1)]
    return [wave(h) for h in harmonics for wave in (ops.sin, ops.cos)]
