"""Pure reputation mathematics: opinions, weights, windows and their fixed-point twin."""
