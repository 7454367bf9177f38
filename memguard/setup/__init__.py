"""`memguard setup`: memguard's MCP server and hooks in a client's own configuration, put in and taken out again.

edits.py    a change of a text, and how it is shown
jsonc.py    JSON with comments: edits that put members and items in, and take them out
toml.py     TOML: the same for tables
clients.py  one table: where each client keeps what, and what an entry looks like there
entries.py  what is memguard's in a file, and the edits that a request asks for
install.py  read, plan, write
verb.py     the command
"""
