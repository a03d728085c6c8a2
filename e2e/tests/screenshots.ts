// Pictures for the documentation: `make bless` runs this instead of the tests.

import { fileURLToPath } from "node:url";
import { expect, openSite, panel, rows, test } from "../support/test";

const picture = (name: string) =>
  fileURLToPath(new URL(`../../docs/images/${name}.png`, import.meta.url));

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(() => {
    test.use({ colorScheme, viewport: { width: 1440, height: 1010 }, deviceScaleFactor: 1.5 });

    test(`the dashboard, ${colorScheme}`, async ({ page, demo }) => {
      await openSite(page, demo.site, "?period=28d&compare=previous");
      for (const name of ["Sources", "Pages", "Devices", "Events"]) {
        await expect(rows(panel(page, name)).first()).toBeVisible();
      }
      await expect(
        panel(page, "Locations").getByRole("img", { name: /Map of visitors/ }),
      ).toBeVisible();
      await expect(page.locator("canvas").first()).toBeVisible();
      await page.evaluate(() => document.fonts.ready);
      await page.screenshot({
        path: picture(colorScheme === "light" ? "dashboard" : "dashboard-dark"),
        animations: "disabled",
      });
    });
  });
}
