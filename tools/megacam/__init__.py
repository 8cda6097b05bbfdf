"""The host tools of megacam: setup, deployment, diagnosis and the simulator."""
