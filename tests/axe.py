"""Run axe-core on the page in a browser and return the serious accessibility violations.

assert axe.findings(page) == []
"""

import functools
import importlib.util
from pathlib import Path

_BAD = ("serious", "critical")


@functools.cache
def _source() -> str:
    # Only the package's copy of axe-core is used: importing the package would start Playwright.
    found = importlib.util.find_spec("axe_playwright_python")
    assert found and found.submodule_search_locations, "pip install 'megacam[test]'"
    return (Path(found.submodule_search_locations[0]) / "axe.min.js").read_text("utf-8")


def findings(page) -> list[str]:
    """Return "rule: selector" of every serious or critical finding of axe-core on `page`.

    Two rules that axe-core rates as moderate count as serious: a page has one `main`, and
    headings skip no level.
    """
    # The page's Content Security Policy blocks foreign scripts, including this one.
    page.driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
    page.script(f"if (!window.axe) {{ {_source()} }}")
    found = page.driver.execute_async_script(
        "const done = arguments[0];"
        "axe.run(document, {resultTypes: ['violations'], preload: false})"
        ".then(result => done(result.violations))"
    )
    counted = (*_BAD, "moderate")
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))} {node['failureSummary'][:300]}"
        for rule in found
        if rule["impact"] in counted
        for node in rule["nodes"]
    ]
