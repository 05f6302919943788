import type { Page } from '@playwright/test';
import { test, expect } from './app';
import { sound } from './axe';
import { log, open, run, takeIn, vm } from './steps';

/** Nothing serious for axe, asked in the wide window, for all in one theme and for the colours in the other: the elements
 *  are the same. And no text that is cut without a sign of it. */
async function readable(page: Page, asked: 'all' | 'colours' | ''): Promise<void> {
  if (asked) await sound(page, asked);
  const cut = await page.evaluate(() => [...document.querySelectorAll<HTMLElement>('button, label, h1, h2, kbd, dt')]
    .filter((e) => e.offsetParent !== null && e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).textOverflow !== 'ellipsis' && getComputedStyle(e).overflowX !== 'visible' && !e.classList.contains('sr-only'))
    .map((e) => e.textContent?.trim().slice(0, 60)));
  expect(cut).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
}

for (const theme of ['light', 'dark'] as const) {
  for (const size of [{ width: 1280, height: 800 }, { width: 900, height: 600 }]) {
    test(`every main screen is readable: ${theme}, ${size.width}x${size.height}`, async ({ page, app }) => {
      const asked = size.width <= 1000 ? '' : theme === 'light' ? 'all' : 'colours';
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      await page.setViewportSize(size);
      await open(page, app);
      await readable(page, asked);
      await page.getByRole('button', { name: /^Review \d+ hosts?/ }).click();
      await readable(page, asked);
      await page.keyboard.press('Escape');
      await takeIn(page, app);
      await run(page, 'web-1', 'printf "\\033[32mgreen\\033[0m\\n"; echo bad >&2; exit 3');
      await expect(log(page)).toContainText('green');
      await readable(page, asked);
      await run(page, 'stranger', 'true');
      await expect(page.getByRole('dialog')).toBeVisible();
      await readable(page, asked);
      await page.keyboard.press('Escape');
      await run(page, 'changed', 'true');
      await expect(page.getByRole('dialog')).toBeVisible();
      await readable(page, asked);
      await page.keyboard.press('Escape');
      await page.getByRole('tab', { name: 'History' }).click();
      await expect(page.getByText(/succeeded|failed/).filter({ visible: true }).first()).toBeVisible();
      await readable(page, asked);
      await page.keyboard.press('Control+Shift+F');
      await page.getByRole('textbox', { name: 'Text to look for' }).fill('bad');
      await expect(page.getByRole('region', { name: 'Lines found' }).locator('mark')).toHaveCount(1);
      await readable(page, asked);
      await page.keyboard.press('Escape');
      await vm(page, 'web-1').click();
      await page.getByRole('button', { name: 'Add command' }).click();
      await readable(page, asked);
    });
  }
}

/** Everything that is drawn stands in the window from left to right: what is below can be scrolled to, what is beside can't. */
async function within(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(() => [...document.querySelectorAll<HTMLElement>('button, input, textarea, [role=tab], [role=combobox], h1')].filter((e) => {
    const box = e.getBoundingClientRect();
    if (box.width === 0 || !e.checkVisibility({ visibilityProperty: true }) || e.closest('.sr-only, [aria-hidden=true], [inert]')) return false;
    for (let at = e.parentElement; at; at = at.parentElement) if (at.scrollWidth > at.clientWidth && /auto|scroll/.test(getComputedStyle(at).overflowX)) return false; // scrolls by itself
    return box.left < -1 || box.right > innerWidth + 1;
  }).map((e) => (e.getAttribute('aria-label') ?? e.textContent).trim().slice(0, 40)))).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
}

test.describe('200 % zoom', () => {
  // What 1280x800 is then, in CSS pixels.
  test.use({ viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 });
  test('at 200 % zoom every main screen is whole, and its actions are reached', async ({ page, app }) => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await open(page, app);
    await within(page);
    await page.getByRole('button', { name: /^Review \d+ hosts?/ }).click();
    await within(page);
    await page.keyboard.press('Escape');
    await takeIn(page, app);
    await run(page, 'web-1', 'echo one; exit 3');
    await expect(log(page)).toContainText('one');
    await within(page);
    await log(page).scrollIntoViewIfNeeded();
    await expect(log(page).getByText('one', { exact: true })).toBeInViewport();

    await vm(page, 'bastion').click({ modifiers: ['Control'] });
    await page.getByRole('textbox', { name: 'Command', exact: true }).fill('echo two');
    await within(page);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await expect(page.getByText('2 succeeded', { exact: true })).toBeVisible();
    await within(page);
    await page.getByRole('tab', { name: 'History' }).click();
    const row = page.getByRole('region', { name: 'Jobs' }).locator('[data-main]:visible').first();
    await row.click();
    await within(page);
    await page.getByRole('button', { name: 'Open log' }).click();
    const job = page.getByRole('dialog', { name: /^Job 2/ });
    await expect(job).toContainText('two');
    await within(page);
    await page.keyboard.press('Escape');
    await expect(job).toBeHidden();

    await page.keyboard.press('Control+Shift+F');
    await page.getByRole('textbox', { name: 'Text to look for' }).fill('one');
    await expect(page.getByRole('region', { name: 'Lines found' }).locator('mark').first()).toBeVisible();
    await within(page);
    await page.keyboard.press('Escape');
    for (const [key, name] of [['Control+,', 'Settings'], ['Control+k', '']] as const) {
      await page.keyboard.press(key);
      await expect(page.getByRole('dialog', name ? { name } : {})).toBeVisible();
      await within(page);
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog')).toHaveCount(0);
    }
    const form = page.getByRole('dialog', { name: /^Add a/ });
    const adds = form.getByRole('button', { name: /^Add Ctrl/ });
    await page.getByRole('button', { name: 'Add command', exact: true }).click();
    await form.getByRole('textbox', { name: 'Script', exact: true }).fill('echo {{name}}');
    await expect(form.getByRole('combobox', { name: 'Type of name' })).toBeAttached();
    await expect(adds).toBeInViewport();
    await within(page);
    await form.getByRole('button', { name: 'Cancel', exact: true }).click();
    await form.getByRole('button', { name: 'Discard', exact: true }).click();
    await expect(form).toBeHidden();
    await page.getByRole('button', { name: 'Add a VM', exact: true }).click();
    await expect(adds).toBeInViewport();
    await within(page);
  });
});
