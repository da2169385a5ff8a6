"""The embedded estate: seven clusters over three clouds, and the generator that builds them."""
