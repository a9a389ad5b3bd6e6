"""The life of a run: settings, folder, training, checkpoint."""
