"""What everything else stands on: errors, trees of arrays, the engine's side of the contract, checks, the tape."""
