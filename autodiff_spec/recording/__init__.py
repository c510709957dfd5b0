"""The recording that engines without one of their own share: nodes, the tape over them, calls, namespaces."""
