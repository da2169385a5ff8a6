"""Public frameworks as data: which of their requirements the baseline's controls speak to. Identifiers only, no texts."""
