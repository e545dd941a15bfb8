"""The door to orders: their page, what is polled while they are open, another try, the bank's question, giving up."""
