"""Hypothesis on a machine of any speed.

@settings(max_examples=60, **ANY_SPEED)
@given(...)
"""

from hypothesis import HealthCheck

#: No seconds decide: neither those of an example, nor those that it takes to make some.
ANY_SPEED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
