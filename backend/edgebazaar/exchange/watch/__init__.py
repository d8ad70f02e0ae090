"""The watchtower: claims and refunds locks in time for parties that sleep, on one chain or two.

It needs no key of theirs, since a claim pays the receiver and a refund the sender whoever calls,
and it keeps what it knows in databases of its own: the chain's locks as the indexer projects them,
and what it sends as the outbox keeps it.
"""
