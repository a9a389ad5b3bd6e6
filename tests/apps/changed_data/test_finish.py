"""An unfinished training is ended with its best epoch, without another one."""

from dataclasses import replace

import pytest
from changed_tools import stop_after_an_epoch
from cut_tools import Cut
from review_tools import TINY, contents, make_reviews, write_csv
from wave_tools import make_small, make_waves, write_wide

from polyhead.apps import forecasting, text_classification
from polyhead.apps.cli.main import main
from polyhead.apps.common.errors import UsageError
from polyhead.apps.common.run import loop


def interrupt(app, config, **options):
    with pytest.MonkeyPatch.context() as patch:
        stop_after_an_epoch(patch)
        with pytest.raises(KeyboardInterrupt):
            app.train(config, quiet=True, **options)


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The configuration of a training that was ended after its first epoch."""
    folder = tmp_path_factory.mktemp("killed")
    train = write_csv(folder / "train.csv", make_reviews(60, seed=3))
    config = text_classification.Config(
        train=train, run=str(folder / "run"), epochs=5, **TINY
    )
    interrupt(text_classification, config)
    return config


@pytest.fixture(scope="module")
def ended(killed):
    return text_classification.train(killed, finish=True, quiet=True)


def test_the_best_epoch_is_a_finished_run(killed, ended, capsys):
    facts = ended.metrics["train"]
    assert facts["epochs"] == facts["best_epoch"] == 1 and facts["ended_early"]
    assert {"validation", "baselines", "protocol"} <= ended.metrics.keys()
    card = (ended.path / "README.md").read_text()
    assert "epoch 1 is kept (ended early)" in " ".join(card.split())
    assert not (ended.path / "checkpoint").exists()
    assert len(ended.predict(["superb", "dull"])) == 2
    # Now it is finished, whoever asks.
    for options in ({}, {"finish": True}):
        again = text_classification.train(killed, **options)
        assert "is finished: its scores" in capsys.readouterr().err
        assert again.metrics == ended.metrics


def test_more_epochs_go_on_from_it(ended, killed, tmp_path):
    before = contents(ended.path)
    more = replace(killed, epochs=6)
    with pytest.raises(
        UsageError, match="has no unfinished training of these settings"
    ):
        text_classification.train(more, finish=True, quiet=True)
    assert contents(ended.path) == before
    # Begun, with no whole epoch of its own.
    with pytest.MonkeyPatch.context() as patch:
        stop_at_first_batch(patch)
        with pytest.raises(Cut):
            text_classification.train(more, quiet=True)
    with pytest.raises(UsageError, match="no epoch is whole yet"):
        text_classification.train(more, finish=True, quiet=True)
    interrupt(text_classification, more)
    run = text_classification.train(more, finish=True, quiet=True)
    assert run.metrics["train"]["epochs"] == 2 and run.metrics["train"]["ended_early"]


def stop_at_first_batch(patch):
    begin = loop.Loop.on_train_batch_end

    def end(self, batch, logs=None):
        begin(self, batch, logs)
        raise Cut

    patch.setattr(loop.Loop, "on_train_batch_end", end)


def test_there_has_to_be_something_to_end(killed, tmp_path, capsys):
    config = replace(killed, run=str(tmp_path / "run"))
    with pytest.raises(
        UsageError, match="has no unfinished training .*without --finis"
    ):
        text_classification.train(config, finish=True, quiet=True)
    assert not (tmp_path / "run").exists()
    words = ["train", "text-classification", "--train", config.train, "--finish"]
    assert main([*words, "--run", config.run]) == 2
    assert "has no unfinished training" in capsys.readouterr().err
    assert main([*words, "--dry-run"]) == 2
    assert "--finish writes a run" in capsys.readouterr().err


def test_an_overwriting_training_can_be_ended_too(killed, tmp_path):
    config = replace(killed, run=str(tmp_path / "run"), epochs=1)
    text_classification.train(config, quiet=True)
    other = replace(config, epochs=4, seed=7)
    with pytest.raises(UsageError, match="another configuration"):
        text_classification.train(other, finish=True, quiet=True)
    interrupt(text_classification, other, overwrite=True)
    run = text_classification.train(other, overwrite=True, finish=True, quiet=True)
    assert run.config.seed == 7 and run.metrics["train"]["ended_early"]


def test_all_epochs_are_no_early_end(killed, tmp_path):
    config = replace(killed, run=str(tmp_path / "run"), epochs=1)
    interrupt(text_classification, config)
    run = text_classification.train(config, finish=True, quiet=True)
    assert "ended_early" not in run.metrics["train"]


@pytest.mark.parametrize("epochs", [1, 2])
def test_the_best_of_the_candidates_that_were_trained(tmp_path, epochs, capsys):
    train = write_wide(tmp_path / "waves.csv", make_waves(200, 1))
    config = make_small(train, tmp_path / "run", model="auto", epochs=9)
    ends, end_epoch = [], loop.Loop.on_epoch_end

    def stop_later(self, epoch, logs=None):
        end_epoch(self, epoch, logs)
        ends.append(epoch)
        self.model.stop_training = self.state.stopped = len(ends) == 1
        if len(ends) == 1 + epochs:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop.Loop, "on_epoch_end", stop_later)
        with pytest.raises(KeyboardInterrupt):
            forecasting.train(config, quiet=True)
    run = forecasting.train(config, finish=True)
    assert "note: patch has no whole epoch: it is left out" in capsys.readouterr().err
    facts = run.metrics["train"]
    assert set(facts["candidates"]) == {"periodic", "linear"}
    assert facts["model"] == min(facts["candidates"], key=facts["candidates"].get)
    assert len(run.predict()) == 1
    again = forecasting.train(config, quiet=True)
    assert again.metrics == run.metrics
