"""Every way into the program; `run.py` is the only place where adapters meet the core."""
