import pytest

from tests.support.browser import axe_violations


@pytest.mark.browser
@pytest.mark.slow
# Contrast does not depend on the width, nor what fits on the colours.
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_reference_can_be_read_by_everybody(page, scheme, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.goto("/api/v1/docs/")
    assert page.get_by_role("heading", name="change requests", exact=True).is_visible()
    assert axe_violations(page) == []
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wider <= 0, "the page scrolls sideways"
