"""Mail: what leaves (`compose`, `transport`, `worker`). Above the actions, below the doors."""
