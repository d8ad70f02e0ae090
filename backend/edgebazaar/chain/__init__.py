"""All JSON-RPC: embedded node, artifacts, deployment, relayer and outbox, indexer."""
