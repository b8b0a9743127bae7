"""How fast and how right the match is: made-up crowds, peers, goals. See docs/performance.md."""
