"""memguard over MCP: a skin over `memguard.Memory`, on stdio for one agent or on loopback HTTP for several."""
