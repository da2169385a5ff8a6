"""`make bench`: measure and print; nothing here asserts against a clock."""

from __future__ import annotations

from tests.bench import judge, reach, startup

if __name__ == "__main__":
    startup.run()
    reach.run()
    judge.run()
