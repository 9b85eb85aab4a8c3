"""Speed and memory beside peers, measured side by side: ``make benchmark``. Asserts nothing."""
