"""What producer and provider hand each other in private.

The brief of a task and the receipt for its content.
"""
