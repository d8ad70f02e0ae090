"""One module for each room of the contracts; each has `BUDGETS` and `measure(world)`."""
