"""The parts of a run's data, drawn with what a run knows of its rows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, Self

import numpy as np

from ..errors import PolyheadError
from .known_rows import LEFT_OUT, PARTS, KnownRows, remember, restore
from .row_hashes import Rows


class Source(Protocol):
    """The rows of a file, such as `Pairs`."""

    @property
    def source(self) -> str:
        """Its name in messages."""
        ...

    @property
    def known_as(self) -> Rows:
        """The rows as a run remembers them."""
        ...

    def take(self, places: np.ndarray) -> Self:
        """The rows at the `places`, in their order."""
        ...


class Found(NamedTuple):
    """The parts of a run, as far as they are in its data today."""

    parts: dict[str, Any]
    differences: tuple[str, ...]  # from the data that the run was trained on
    is_whole: bool  # whether all rows of the run are there, as they were


def restore_parts(
    known: KnownRows, sources: Mapping[str, Source], answer: str
) -> Found:
    """Finds the parts of a run again, whatever the order of the rows is today.

    Rows that the run did not have are in no part, but for those of test data, of which
    only rows that were trained on are left out. Without a row that measures the run,
    there is an error.

    Args:
        sources: "train" and, where they are files of their own, "validation" and
            "test".
        answer: what a row should be answered with, such as "label".
    """
    train = sources["train"]
    taken = ["train", *(["validation"] * ("validation" not in sources))]
    found = {"train": restore(known, train.known_as, [*taken, LEFT_OUT])}
    places = {name: found["train"].places[name] for name in taken}
    for name in PARTS[1:]:
        if name in sources:
            rows = sources[name].known_as
            found[name] = restore(known, rows, [name])
            places[name] = found[name].places[name]
            if name == "test":
                places[name] = np.flatnonzero(~known.was_trained_on(rows.keys))
    held_out = "test" if "test" in places else "validation"
    if not len(places[held_out]):
        raise PolyheadError(
            f"{sources.get(held_out, train).source}: no row is left to measure the run "
            "on: it was trained on them, or they are gone; give other rows with --test"
        )
    parts = {name: sources.get(name, train).take(p) for name, p in places.items()}
    lines = [part.describe(sources[n].source, answer) for n, part in found.items()]
    differences = tuple(line for of_source in lines for line in of_source)
    return Found(parts, differences, all(part.is_whole for part in found.values()))


def unknown_rows(run: str) -> str:
    """The note on a run, from which another one begins, that remembers no rows."""
    return (
        f"{run} does not say which rows it was trained on: scores of the new run may "
        "be on such rows"
    )


def remember_parts(
    parts: Mapping[str, Rows],
    read: Source | None,
    init_from: str | None,
    labels: Sequence[str] = (),
) -> KnownRows:
    """What a run that begins to train remembers; see `remember`.

    `read` has all training data, and `init_from` is the folder of the run with whose
    weights the training begins.
    """
    older = KnownRows.load(init_from) if init_from else None
    all_read = None if read is None else read.known_as
    return remember(parts, all_read, older, labels)


def leave_out_trained(
    sources: Mapping[str, Source], older: KnownRows | None, run: str
) -> tuple[dict[str, Any], list[str]]:
    """Validation and test without the rows on which the older run was trained.

    Returns the sources, and notes on what is left out.
    """
    kept, notes = dict(sources), list[str]()
    if older is None:
        return kept, [unknown_rows(run)]
    for name in PARTS[1:]:
        if name not in kept:
            continue
        trained = older.was_trained_on(kept[name].known_as.keys)
        if trained.all():
            raise PolyheadError(
                f"{kept[name].source}: {run} was trained on every row: give other "
                f"{name} data"
            )
        if trained.any():
            kept[name] = kept[name].take(np.flatnonzero(~trained))
            notes.append(
                f"{trained.sum():,} rows of {name} are left out: {run} was trained on "
                "them"
            )
    return kept, notes


def choose_validation(
    keys: Sequence[str | bytes],
    older: KnownRows | None,
    draw: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Chooses the rows for validation: bool `(rows,)`.

    What the run `older`, with whose weights the training begins, was trained on stays
    in training, and what was its validation split is validation again. `draw` chooses
    among the other rows, given their places; bool `(places,)`.
    """
    free = np.ones(len(keys), bool)
    chosen = np.zeros(len(keys), bool)
    if older:
        chosen = older.was_in("validation", keys)
        free = ~(chosen | older.was_trained_on(keys))
    if free.any():
        chosen[free] = draw(np.flatnonzero(free))
    return chosen
