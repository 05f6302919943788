import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { test, expect } from './app';
import { log, open, run, takeIn, vm } from './steps';

/** Nothing serious for axe (contrast AA is part of it; asked in the wide window: a narrow one has the same elements),
 *  and no text that is cut without a sign of it. */
async function sound(page: Page): Promise<void> {
  await page.waitForTimeout(350); // colours ease in
  if ((page.viewportSize()?.width ?? 0) > 1000) {
    const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa']).analyze();
    const serious = found.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
    expect(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).slice(0, 3).join(' | ')}`)).toEqual([]);
  }
  const cut = await page.evaluate(() => [...document.querySelectorAll<HTMLElement>('button, label, h1, h2, kbd, dt')]
    .filter((e) => e.offsetParent !== null && e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).textOverflow !== 'ellipsis' && getComputedStyle(e).overflowX !== 'visible' && !e.classList.contains('sr-only'))
    .map((e) => e.textContent?.trim().slice(0, 60)));
  expect(cut).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
}

for (const theme of ['light', 'dark'] as const) {
  for (const size of [{ width: 1280, height: 800 }, { width: 900, height: 600 }]) {
    test(`every main screen is readable: ${theme}, ${size.width}x${size.height}`, async ({ page, app }) => {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      await page.setViewportSize(size);
      await open(page, app);
      await sound(page);
      await page.getByRole('button', { name: /^Review \d+ hosts?/ }).click();
      await sound(page);
      await page.keyboard.press('Escape');
      await takeIn(page, app);
      await run(page, 'web-1', 'printf "\\033[32mgreen\\033[0m\\n"; echo bad >&2; exit 3');
      await expect(log(page)).toContainText('green');
      await sound(page);
      await run(page, 'stranger', 'true');
      await expect(page.getByRole('dialog')).toBeVisible();
      await sound(page);
      await page.keyboard.press('Escape');
      await run(page, 'changed', 'true');
      await expect(page.getByRole('dialog')).toBeVisible();
      await sound(page);
      await page.keyboard.press('Escape');
      await page.getByRole('tab', { name: 'History' }).click();
      await expect(page.getByText(/succeeded|failed/).first()).toBeVisible();
      await sound(page);
      await page.keyboard.press('Control+Shift+F');
      await page.getByRole('textbox', { name: 'Text to look for' }).fill('bad');
      await expect(page.getByRole('region', { name: 'Lines found' }).locator('mark')).toHaveCount(1);
      await sound(page);
      await page.keyboard.press('Escape');
      await vm(page, 'web-1').click();
      await page.getByRole('button', { name: 'Add command' }).click();
      await sound(page);
    });
  }
}
