"""Pictures over time: messages, flow and marginals."""
