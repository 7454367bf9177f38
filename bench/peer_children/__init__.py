"""What `bench.peers` runs in other interpreters: one small child for each peer, and how their environments are made."""
