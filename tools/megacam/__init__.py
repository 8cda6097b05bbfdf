"""Host side of megacam: set-up, deployment, diagnosis and the simulator."""
