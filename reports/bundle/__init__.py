"""The auditor's package, `bundle/v1`: one zip of which every byte is accounted for, and what is in it."""
