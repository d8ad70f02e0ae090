"""What producer and provider hand each other in private: the brief of a task and the receipt for its content."""
