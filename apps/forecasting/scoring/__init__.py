"""How good forecasts are: scores, comparison with baselines, backtest and pictures."""
