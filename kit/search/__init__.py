"""Which settings are best: the space, the trials by Optuna, what is made of them, their page."""
