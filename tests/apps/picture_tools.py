"""What pictures show, and that they are no blank pages."""

from matplotlib.image import imread

HISTORY = {
    "objective": [2.1, 1.6, 1.5],
    "loss": [0.7, 0.5, 0.4],
    "val_loss": [0.6, 0.5, 0.55],
    "accuracy": [0.6, 0.8, 0.9],
    "val_accuracy": [0.7, 0.8, 0.79],
    "seconds": [2.0, 2.1, 2.0],
}


def keep_figures(monkeypatch, module):
    """The figures that a module saves from now on, in order."""
    saved, save = [], module.save_figure

    def keep(figure, path):
        saved.append(figure)
        save(figure, path)

    monkeypatch.setattr(module, "save_figure", keep)
    return saved


def texts_of(axes):
    return [text.get_text() for text in axes.texts]


def names_on(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def assert_drawn(path):
    pixels = imread(path)[..., :3]
    assert min(pixels.shape[:2]) > 150
    assert pixels.std() > 0.02  # not a blank page
