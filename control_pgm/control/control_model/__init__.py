"""Control models by declaration: variables with roles, rewards over any scope, and their solutions."""
