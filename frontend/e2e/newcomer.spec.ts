import { mkdirSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import { test, expect } from './app';
import { log, vm } from './steps';

// The path of docs/guide, filmed by `make screenshots`; without VMO_GUIDE nothing is written.
const guide = process.env.VMO_GUIDE;
const DAY_MS = 86_400_000;

function camera(page: Page) {
  let n = 0;
  if (guide) mkdirSync(guide, { recursive: true });
  return async (name: string) => {
    n++;
    if (!guide) return;
    await page.waitForTimeout(400);
    await page.screenshot({ path: `${guide}/${String(n).padStart(2, '0')}-${name}.png` });
  };
}

const clicks = (page: Page) => page.evaluate(() => (window as unknown as { clicks: number }).clicks);

test("the newcomer's path: first command within 60 s and 5 clicks, a command with a parameter, yesterday's output", async ({ page, app }) => {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.addInitScript(() => {
    const w = window as unknown as { clicks: number };
    w.clicks = 0;
    window.addEventListener('pointerdown', () => { w.clicks++; }, true);
  });
  const picture = camera(page);
  const began = Date.now();
  await page.goto(app.url);
  await expect(page.getByRole('button', { name: /^Review \d+ hosts?/ })).toBeVisible();
  await picture('first-start');
  await page.getByRole('button', { name: /^Review \d+ hosts?/ }).click();
  const sheet = page.getByRole('dialog');
  await expect(sheet.getByRole('checkbox', { name: 'Add web-1' })).toBeChecked();
  await picture('review');
  await sheet.getByRole('button', { name: /^Add \d+/ }).click();
  await vm(page, 'web-1').click();
  await page.getByRole('textbox', { name: 'Command', exact: true }).click();
  await page.keyboard.type('uname -s; uptime');
  await picture('type-a-command');
  await page.getByRole('button', { name: /^Run(?! a)/ }).click();
  await expect(log(page)).toContainText('load average');
  expect(Date.now() - began).toBeLessThan(60_000);
  expect(await clicks(page)).toBeLessThanOrEqual(5);
  await expect(page.getByText('succeeded').filter({ visible: true }).first()).toBeVisible();
  await picture('first-output');

  // A command with a parameter, out of one that was typed.
  await page.getByRole('textbox', { name: 'Command', exact: true }).fill('ls -la {{folder}}');
  await page.getByRole('button', { name: 'Save as command' }).click();
  await page.getByRole('dialog').getByLabel(/^Name/).first().fill('List a folder');
  await expect(page.getByRole('dialog').getByText('folder', { exact: true }).first()).toBeVisible();
  await picture('save-as-command');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('list a f');
  await picture('palette');
  await page.keyboard.press('Enter');
  await page.locator('[data-execution] input').first().fill('/usr');
  await picture('fill-in');
  await page.keyboard.press('Control+Enter');
  await expect(log(page)).toContainText('bin');
  await picture('second-output');

  // The next day.
  await page.clock.setSystemTime(new Date(Date.now() + DAY_MS));
  await page.reload();
  await expect(vm(page, 'web-1')).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('yesterday');
  await page.keyboard.press('Enter');
  const rows = page.getByRole('region', { name: 'Jobs' }).locator('[data-main]:visible');
  await expect(rows).toHaveCount(2);
  await expect(page.getByRole('region', { name: 'Jobs' }).getByRole('heading').first()).toContainText('Yesterday');
  await rows.last().click();
  await picture('yesterday');
  await page.getByRole('button', { name: 'Open log' }).click();
  await expect(page.getByRole('dialog').getByRole('log')).toContainText('load average');
  await picture('its-output');
});

async function tabTo(page: Page, to: Locator): Promise<void> {
  await expect(to).toBeVisible();
  for (let i = 0; i < 80; i++) {
    if (await to.evaluate((e) => e === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab doesn't come to ${String(to)}`);
}

test("by keyboard alone: from the first start to yesterday's output", async ({ page, app }) => {
  await page.goto(app.url);
  await tabTo(page, page.getByRole('button', { name: /^Review \d+ hosts?/ }));
  await page.keyboard.press('Enter');
  const sheet = page.getByRole('dialog');
  await tabTo(page, sheet.getByRole('button', { name: /^Add \d+/ }));
  await page.keyboard.press('Enter');
  await expect(sheet).toBeHidden(); // it gives the focus back when it has gone
  await expect(vm(page, 'web-1')).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('web-1');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: 'Command', exact: true })).toBeFocused();
  await page.keyboard.type('echo by keyboard; sleep 30');
  await page.keyboard.press('Control+Enter');
  await expect(log(page)).toContainText('by keyboard');
  await page.keyboard.press('Control+.');
  await expect(page.getByText('Stopped: nothing of it is left on web-1.')).toBeVisible();
  await expect(page.locator('[data-said]')).toContainText('stopped');

  await page.clock.setSystemTime(new Date(Date.now() + DAY_MS));
  await page.reload();
  await expect(vm(page, 'web-1')).toBeVisible();
  await page.keyboard.press('Control+h');
  await expect(page.getByRole('textbox', { name: 'Filter the history' })).toBeFocused();
  await page.keyboard.type('by keyboard');
  await tabTo(page, page.getByRole('region', { name: 'Jobs' }));
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog').getByRole('log')).toContainText('by keyboard');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('region', { name: 'Jobs' }).locator('[data-main]:visible')).toBeFocused();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keyboard' })).toBeVisible();
});
