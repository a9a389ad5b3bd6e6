"""What a training shows of its progress."""

import io

from polyhead.apps.common.run.progress import ProgressBar


def test_where_there_is_no_terminal_each_epoch_is_one_line():
    stream = io.StringIO()
    bar = ProgressBar(stream, epochs=2, steps=3, shown=["loss", "val_accuracy"])
    bar.on_train_begin()
    for epoch in range(2):
        bar.on_epoch_begin(epoch)
        for batch in range(3):
            bar.on_train_batch_end(batch, {"loss": 1.0})
        bar.on_epoch_end(epoch, {"loss": 0.5, "val_accuracy": 0.75, "other": 9.0})
    bar.on_train_end()
    first, second = stream.getvalue().splitlines()
    assert first.startswith("epoch 1/2  loss 0.5000  val_accuracy 0.7500  ")
    assert second.startswith("epoch 2/2") and "other" not in second


def test_a_measure_that_is_absent_is_left_out():
    stream = io.StringIO()
    ProgressBar(stream, 1, 1, ["loss", "val_bleu"]).on_epoch_end(0, {"loss": 2.0})
    assert stream.getvalue().startswith("epoch 1/1  loss 2.0000  ")
    assert "bleu" not in stream.getvalue()
