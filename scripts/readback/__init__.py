"""The read-back: proves from outside that the lake holds every scalar of every source document (I-4).

Shares no code with Sluice. `source` parses the documents again, `rebuild` turns physical rows back into scalars,
`compare` sets one against the other. The rows come from pyarrow, DuckDB or Trino (`engines`); for Trino, `athena_ddl`
and `trino_server` stand in for Athena, and `views` checks what people query.
"""
