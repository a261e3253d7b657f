"""弦外 (Xianwai): hears what customers mean but do not say, and gives it to exactly one responsible department."""

__version__ = "0.1.0"
