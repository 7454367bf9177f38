"""What a coding agent's client runs when a session starts and ends: recall then, capture after. No server is needed.

A hook must never break its client's session: whatever goes wrong is one line on stderr, and the exit code stays 0.
"""
