"""Many small cases as one test: to collect and report a case takes longer than most cases run.

@each("word", KINDS)
def test_every_model_shows_its_id(word): ...
"""

import functools
import inspect


def each(names, values):
    """Call the test with each of `values`, as pytest.mark.parametrize does, in one test.

    The first case that fails ends it and is named. Fixtures are the same for all cases.
    """
    names = [name.strip() for name in names.split(",")]

    def decorate(test):
        @functools.wraps(test)
        def all_cases(**fixtures):
            count = 0
            for value in values:
                case = dict(zip(names, value if len(names) > 1 else [value], strict=True))
                try:
                    test(**fixtures, **case)
                except BaseException as error:
                    raise AssertionError(f"with {case}: {error}") from error
                count += 1
            assert count, "no case"

        signature = inspect.signature(test)
        rest = [one for name, one in signature.parameters.items() if name not in names]
        all_cases.__signature__ = signature.replace(parameters=rest)
        return all_cases

    return decorate
