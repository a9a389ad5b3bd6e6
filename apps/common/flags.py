"""Help texts of the flags that every task has."""

DATA_FLAGS = {
    "train": "training data: a file",
    "validation": "validation data; a part of the training data where absent",
    "test": "test data",
    "dataset": "an embedded data set instead of files",
    "tfds": "a TensorFlow Datasets name instead of files",
    "tfds_dir": "where that data set is prepared",
}
RUN_FLAGS = {
    "run": "folder of the run (default: saved_models/<task>-<data>)",
    "preset": "size of the model",
    "init_from": "an older run whose weights to begin with",
    "epochs": "passes over the training data, at most",
    "seed": "of everything random",
    "deterministic": "bit-equal results for the same seed; slower",
}
