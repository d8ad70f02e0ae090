"""Pure auction mechanisms: scores, payments, markets and the settlement twin."""
