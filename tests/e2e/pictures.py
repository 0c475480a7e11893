"""Take the pictures of docs/images anew: `python -m tests.e2e.pictures URL NAME PASSWORD`, with the starter data.

`manage.py quickstart` prints all three. Nothing is written but an import that stays at its preview.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
COLOURS = 256
COMPANY = "PHAT"
# A broker's sheet: one figure that differs, one company that is new, one amount that is none.
SHEET = """Company,Ticker,Mkt Cap ($m),Cash ($m),Total debt ($m)
"Apellis Pharmaceuticals, Inc.",APLS,3150,466,93
ACADIA Pharmaceuticals Inc.,ACAD,3900,about 1200,n.m.
Northgate Biosciences,NGBX,412,88.5,-
Exelixis Inc.,EXEL,12000,1150,N/A
"""


def sign_in(page: Page, url: str, name: str, password: str) -> None:
    page.goto(f"{url}/admin/")
    page.locator("#id_username").fill(name)
    page.locator("#id_password").fill(password)
    page.locator("#id_password").press("Enter")
    page.get_by_role("heading", name="Today").wait_for()


def keep(page: Page, name: str) -> None:
    """Keep what the screen shows, in few colours, the rare ones among them."""
    page.wait_for_load_state("networkidle")
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture = picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    picture.save(IMAGES / f"{name}.png", optimize=True)
    print(f"{name}.png", (IMAGES / f"{name}.png").stat().st_size)


def open_company(page: Page, url: str) -> None:
    page.goto(f"{url}/admin/companies/company/?q={COMPANY}")
    page.locator("#result_list tbody a").first.click()
    page.get_by_role("heading", name="Runway and catalysts").wait_for()


def take(browser: Any, url: str, name: str, password: str) -> None:
    page = browser.new_page(viewport=DESK, color_scheme="light")
    sign_in(page, url, name, password)
    page.goto(f"{url}/admin/?since=30d")
    keep(page, "admin-today")
    page.goto(f"{url}/admin/companies/company/?role__exact=target")
    keep(page, "companies")
    open_company(page, url)
    page.locator(".desk-traced").nth(1).focus()
    keep(page, "admin-company")
    page.goto(f"{url}/admin/scoring/mascore/")
    page.locator("#result_list tbody a").first.click()
    page.locator(".desk-fall").first.evaluate("each => each.closest('.desk-card').scrollIntoView()")
    keep(page, "admin-score")
    page.goto(f"{url}/admin/signals_app/sheetimport/upload/")
    page.locator("input[type=file]").set_input_files(
        {"name": "broker.csv", "mimeType": "text/csv", "buffer": SHEET.encode()}
    )
    page.get_by_role("button", name="Look at its columns").click()
    page.get_by_role("button", name="Show what would change").click()
    page.locator(".desk-changes").wait_for()
    keep(page, "admin-import")

    page = browser.new_page(viewport=PHONE, color_scheme="dark")
    sign_in(page, url, name, password)
    open_company(page, url)
    keep(page, "admin-phone")


def main() -> None:
    url, name, password = sys.argv[1:]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=["--no-sandbox"]
        )
        take(browser, url.rstrip("/"), name, password)
        browser.close()


if __name__ == "__main__":
    main()
