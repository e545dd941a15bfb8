"""Programs for developers: faults, crashes, pressure, bench and rules. bin/ starts them."""
