"""Forms 3, 4 and 5: what insiders hold, buy and sell."""
