"""A member of the cast, signed in with a browser of their own."""

from playwright.sync_api import Browser, Page

from tests.cast import PASSWORD


def sign_in(browser: Browser, address: str, login: str, *, wide: bool = True, script: bool = True) -> Page:
    """The inbox of `login`, at a desk or on a phone."""
    size = (1440, 900) if wide else (390, 844)
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, java_script_enabled=script)
    page = context.new_page()
    page.set_default_timeout(8000)
    page.goto(f"{address}/sign-in")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.click("text=登录 >> nth=-1")
    page.wait_for_url("**/inbox")
    return page
