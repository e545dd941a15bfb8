"""What every part of the shop stands on: database, clock, money, errors, jobs and mail. It knows nothing of shops."""
