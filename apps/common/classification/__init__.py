"""Labels as answers: scores, calibration and plots."""
