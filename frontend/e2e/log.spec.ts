import type { Page } from '@playwright/test';
import { test, expect } from './app';
import { log, run, takeIn } from './steps';

test.use({ taken: true });

/** The numbers of the lines that are on the screen, none of which may still wait for its text. */
async function seen(page: Page): Promise<{ first: number; last: number }> {
  await expect(log(page).locator('.wait')).toHaveCount(0);
  return log(page).evaluate((screen) => {
    const lines = [...screen.querySelectorAll<HTMLElement>('[data-line]')].map((e) => Number(e.dataset.line));
    return { first: lines[0] ?? 0, last: lines.at(-1) ?? 0 };
  });
}

test('a long log: at its tail, by wheel, keys and scrollbar, to the first line and back', async ({ page, app }) => {
  await takeIn(page, app);
  await run(page, 'web-1', 'seq 1 300000');
  await expect(page.getByText('300,000 lines', { exact: true })).toBeVisible();
  expect((await seen(page)).last).toBe(300_000);
  await expect(log(page)).toContainText('300000');

  await log(page).hover();
  await page.mouse.wheel(0, -400);
  await expect(page.getByRole('button', { name: 'To the end' })).toBeVisible();
  expect((await seen(page)).last).toBeLessThan(300_000);

  await log(page).focus();
  await page.keyboard.press('Home');
  expect((await seen(page)).first).toBe(1);
  await expect(log(page)).toHaveAttribute('aria-live', 'off');
  await page.keyboard.press('PageDown');
  expect((await seen(page)).first).toBeGreaterThan(5);

  const bar = await page.getByRole('scrollbar').boundingBox();
  if (!bar) throw new Error('no scrollbar');
  await page.mouse.move(bar.x + 5, bar.y + 5);
  await page.mouse.down();
  await page.mouse.move(bar.x + 5, bar.y + bar.height / 2, { steps: 5 });
  const middle = (await seen(page)).first;
  expect(middle).toBeGreaterThan(120_000);
  expect(middle).toBeLessThan(180_000);
  await page.mouse.move(bar.x + 5, bar.y + bar.height + 40, { steps: 5 });
  await page.mouse.up();
  expect((await seen(page)).last).toBe(300_000);
});

test('a live log follows until one scrolls up, then counts what is new', async ({ page, app }) => {
  await takeIn(page, app);
  await run(page, 'web-1', 'for i in $(seq 1 600); do echo "line $i"; sleep 0.02; done; sleep 60');
  await expect(log(page)).toContainText(/line ([6-9]\d|\d{3})/); // more than the screen holds, and more to come
  await log(page).hover();
  await page.mouse.wheel(0, -300);
  const before = await seen(page);
  const news = page.getByRole('button', { name: /^\d+ new lines?$/ });
  await expect(news).toBeVisible();
  expect(await seen(page)).toEqual(before);
  await news.click();
  await expect(news).toBeHidden();
  const newest = async () => Math.max(...[...(await log(page).innerText()).matchAll(/line (\d+)/g)].map((m) => Number(m[1])));
  const then = await newest();
  await expect.poll(newest).toBeGreaterThan(then + 50);
  await page.keyboard.press('Control+.');
  await expect(page.getByText('Stopped: nothing of it is left on web-1.')).toBeVisible();
});

test('what is copied is the text alone; wrapped lines are scrolled to both ends', async ({ page, app }) => {
  await takeIn(page, app);
  await run(page, 'web-1', 'printf "\\033[31mred\\033[0m one\\n\\033]0;title\\007two\\n"; for i in $(seq 1 60); do printf "%0400d %d\\n" 0 $i; done');
  await expect(page.getByText('62 lines', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Wrap' }).click();
  await expect.poll(async () => (await seen(page)).last).toBe(62);
  await log(page).focus();
  await page.keyboard.press('Home');
  expect((await seen(page)).first).toBe(1);
  const text = (n: number) => log(page).locator(`[data-line="${n}"] .text`);
  const [from, to] = [await text(1).boundingBox(), await text(2).boundingBox()];
  if (!from || !to) throw new Error('no lines');
  await page.mouse.move(from.x + 1, from.y + 10);
  await page.mouse.down();
  await page.mouse.move(to.x + 200, to.y + 10, { steps: 5 });
  await page.mouse.up();
  expect(await page.evaluate(() => getSelection()?.toString().trim())).toBe('red one\ntwo');
  await page.getByRole('button', { name: 'Wrap' }).click();
});

test('what is selected is never part of another line, wherever the lines are scrolled', async ({ page, app }) => {
  await takeIn(page, app);
  await run(page, 'web-1', 'for i in $(seq 1 500); do echo "line $i of many"; done');
  await expect(page.getByText('500 lines', { exact: true })).toBeVisible();
  await log(page).focus();
  await page.keyboard.press('Home');
  await expect.poll(async () => (await seen(page)).first).toBe(1); // and no line waits for its text
  await log(page).locator('[data-line="9"] .text').dblclick({ position: { x: 10, y: 10 } });
  const selected = () => page.evaluate(() => getSelection()?.toString().trim());
  expect(await selected()).toBe('line');
  const marked = () => page.evaluate(() => getSelection()?.anchorNode?.parentElement?.closest('[data-line]')?.getAttribute('data-line') ?? 'none');
  expect(await marked()).toBe('9');
  await page.mouse.wheel(0, 60);
  await expect.poll(async () => (await seen(page)).first).toBeGreaterThan(1);
  expect([await selected(), await marked()]).toEqual(['line', '9']);
  await log(page).focus();
  await page.keyboard.press('PageDown');
  await expect.poll(async () => (await seen(page)).first).toBeGreaterThan(9);
  expect([await selected(), await marked()]).toEqual(['', 'none']);
});

test('a log that is opened has the focus from the moment it is seen: a key pressed then does not go to the row behind', async ({ page, app }) => {
  await takeIn(page, app);
  await run(page, 'web-1', 'echo here it is');
  await expect(log(page)).toContainText('here it is');
  await page.keyboard.press('Control+h');
  await page.locator('[data-job] [data-main]').first().focus();
  // The dialog is made for the first one and kept for the next.
  for (let opened = 0; opened < 2; opened++) {
    const focused = await page.evaluate(() => new Promise<boolean>((done) => {
      new MutationObserver((_, observer) => {
        if (!document.querySelector('[role=dialog] [data-line]')) return;
        observer.disconnect();
        done(document.activeElement?.closest('[role=dialog]') !== null);
      }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['role'] });
      document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    }));
    expect(focused).toBe(true);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
    await expect(page.locator('[data-job] [data-main]').first()).toBeFocused();
  }
});

test('each log that is opened begins anew, and one that is closed is out of sight, out of reach and hears no keys', async ({ page, app }) => {
  await takeIn(page, app);
  app.vmo('run', '--quiet', '--on', 'web-1', '--', 'seq 1 5000');
  app.vmo('run', '--quiet', '--on', 'bastion', '--', 'printf "%500s|\\n" wide; seq -f "other %g" 1 200');
  await page.keyboard.press('Control+h');
  const jobs = page.locator('[data-job] [data-main]');
  const dialog = page.getByRole('dialog');
  const openJob = async (i: number) => { await jobs.nth(i).focus(); await page.keyboard.press('Enter'); await expect(dialog.getByRole('log')).toBeFocused(); };

  await openJob(1);
  await page.keyboard.press('Control+f');
  await page.keyboard.type('4000');
  await expect(dialog.getByText('1 of 1', { exact: true })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await expect(dialog.locator('.marked')).toHaveCount(2);
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('log')).toHaveCount(0);

  await openJob(0);
  await expect(dialog.getByRole('log')).toContainText('other 200');
  await expect(dialog.locator('.marked')).toHaveCount(0);
  await expect(page.locator('input[aria-label=Find]')).toHaveCount(0);
  await expect(dialog).toContainText('201 lines');
  expect(await dialog.getByRole('log').locator('[data-line]').evaluateAll((all) => all.every((l) => l.textContent?.includes('other')))).toBe(true);
  await page.keyboard.press('Home');
  await expect(dialog.getByRole('log')).toContainText('wide');
  await dialog.getByRole('log').evaluate((e) => { e.scrollLeft = 1000; });
  await dialog.locator('[data-line="2"] .text').dblclick({ position: { x: 10, y: 10 } });
  const selected = () => page.evaluate(() => getSelection()?.toString());
  expect(await selected()).toBe('other');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  expect(await selected()).toBe('');

  await openJob(1);
  await expect(dialog.getByRole('log')).toContainText('5000');
  await expect(dialog).toContainText('5,000 lines');
  await expect(dialog.locator('.marked')).toHaveCount(0);
  expect(await dialog.getByRole('log').evaluate((e) => e.scrollLeft)).toBe(0);
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);

  // Find is for the log on the screen.
  await page.keyboard.press('Control+l');
  await run(page, 'web-1', 'echo on the screen');
  await expect(log(page)).toContainText('on the screen');
  await log(page).focus();
  await page.keyboard.press('Control+f');
  await expect(page.locator('input[aria-label=Find]')).toHaveCount(1);
  await expect(page.locator('input[aria-label=Find]')).toBeVisible();
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement !== null && getComputedStyle(document.activeElement).visibility)).toBe('visible');
  }
});
