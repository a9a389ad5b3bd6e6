"""The command line: the top floor, which may see the apps and the demo."""
