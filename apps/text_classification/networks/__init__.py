"""The classifiers: an encoder beside a bag of n-grams, and KerasHub's presets."""
