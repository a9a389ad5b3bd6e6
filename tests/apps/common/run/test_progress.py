"""Training's progress: one line an epoch, and a bar on a terminal alone."""

import io

from polyhead.apps.common.run.progress import ProgressBar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def show(stream):
    bar = ProgressBar(stream, epochs=2, steps=20, shown=["loss", "val_accuracy"])
    bar.on_train_begin()
    for epoch in range(2):
        bar.on_epoch_begin(epoch)
        for batch in range(20):
            bar.on_train_batch_end(batch, {"loss": 0.5})
        bar.on_epoch_end(epoch, {"loss": 0.25, "val_accuracy": 0.75, "val_loss": 9.0})
    bar.on_train_end()
    return stream.getvalue()


def test_a_line_an_epoch_with_the_measures_asked_for():
    lines = show(io.StringIO()).splitlines()
    assert [line.rsplit("  ", 1)[0] for line in lines] == [
        "epoch 1/2  loss 0.2500  val_accuracy 0.7500",
        "epoch 2/2  loss 0.2500  val_accuracy 0.7500",
    ]
    assert all(line.endswith(" s") for line in lines)


def test_a_terminal_shows_a_bar_too():
    shown = show(Terminal())
    assert "epoch 1/2  loss 0.2500" in shown and "left" in shown


def test_a_resumed_training_goes_on_where_it_was():
    bar = ProgressBar(io.StringIO(), epochs=4, steps=10, shown=[])
    bar.on_epoch_begin(2)
    assert bar.bar.tasks[0].completed == 20


def test_a_measure_that_is_absent_is_left_out():
    stream = io.StringIO()
    ProgressBar(stream, 1, 1, ["loss", "val_bleu"]).on_epoch_end(0, {"loss": 2.0})
    assert stream.getvalue().startswith("epoch 1/1  loss 2.0000  ")
    assert "bleu" not in stream.getvalue()
