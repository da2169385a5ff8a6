"""The core: what is declared, what is effective, what is proven. No I/O, no clock, no environment, no SDK."""
