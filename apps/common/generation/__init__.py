"""Texts as answers: decoding, scores and plots."""
