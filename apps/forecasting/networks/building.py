"""From settings and data to a forecaster."""

from ..config import Config
from ..defaults.lengths import known_cycles
from ..series.dataset import Dataset
from ..series.frequency import Frequency, cycle_steps
from ..series.statistics import standardisation
from .fan import measure_fan
from .model import Forecaster
from .quantiles import levels_of


def choose_clock(config: Config, frequency: Frequency) -> list[str]:
    """The cycles whose features the model has, of those that the values follow."""
    cycles = known_cycles(config) if config.calendar else ()
    steps = cycle_steps(frequency)
    if config.model == "periodic" and all(
        steps[name] <= frequency.season for name in cycles
    ):
        return []  # its learned cycle suffices
    return list(cycles)


def build_model(config: Config, dataset: Dataset) -> Forecaster:
    """The forecaster that a resolved `Config` describes, built."""
    columns = dataset.columns
    mean, scale, epsilon = standardisation(dataset)
    names = ["look_back", "horizon", "cycle", "hidden_dim", "num_layers", "num_heads"]
    names += ["model", "patch_length", "dropout", "seed", "non_negative"]
    model = Forecaster(
        **{name: getattr(config, name) for name in names},
        num_targets=len(columns.targets),
        num_past=len(columns.past),
        num_future=len(columns.future),
        categories=[
            [place, len(dataset.categories[name])]
            for place, name in enumerate(columns.values)
            if name in dataset.categories
        ],
        frequency=[dataset.frequency.unit, dataset.frequency.step],
        calendar=dataset.calendar_cycles if config.calendar else [],
        levels=levels_of(config),
        quantiles=sorted(config.quantiles),
        epsilon=epsilon,
        fan=measure_fan(dataset, config.look_back or 1, mean, scale, epsilon),
        clock=choose_clock(config, dataset.frequency),
        silent=[[columns.targets.index(n), *phase] for n, *phase in dataset.silent],
        name="forecaster",
    )
    model.build()
    model.mean.assign(mean)
    model.scale.assign(scale)
    return model
