"""What a data plane makes of policies that the specification does not: rule by rule, and what each rule changes."""
