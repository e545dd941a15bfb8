"""For those who keep the shop running: is it alive, is it ready, how much is waiting."""
