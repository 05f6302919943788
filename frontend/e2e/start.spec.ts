import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect } from '@playwright/test';
import { sshConfig, startApp, test } from './app';
import { log, open, run, takeIn, vm } from './steps';

base('with no hosts the first screen has its doors, says where it looked, and the demo leads to a first command', async ({ page }) => {
  const dir = mkdtempSync(join(tmpdir(), 'vmo-start-'));
  const app = await startApp(dir, sshConfig('# nothing\n'));
  await open(page, app);
  await expect(page.getByRole('heading', { name: 'No hosts in your SSH config' })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Where we looked' })).toBeVisible();
  await page.getByRole('button', { name: 'Start the demo' }).click();
  await expect(page.getByText('This is the demo fleet.')).toBeVisible();
  await vm(page, 'demo-web-1').click();
  await page.getByRole('textbox', { name: 'Command', exact: true }).fill('uptime');
  await page.keyboard.press('Control+Enter');
  await expect(log(page)).toContainText('load average');
  await page.getByRole('button', { name: 'Leave the demo' }).click();
  await expect(page.getByRole('heading', { name: 'Which machines are yours?' })).toBeVisible();
  await app.stop();
  rmSync(dir, { recursive: true, force: true });
});

base('a start-up error is shown with its reason, and Retry goes on when it is mended', async ({ page }) => {
  const dir = mkdtempSync(join(tmpdir(), 'vmo-start-'));
  const data = join(dir, 'data');
  writeFileSync(data, 'a file where the folder should be');
  const app = await startApp(data, sshConfig('# nothing\n'));
  await page.goto(app.url);
  const alert = page.getByRole('alert');
  await expect(alert).toContainText("VM Orchestrator can't open");
  rmSync(data);
  await page.getByRole('button', { name: 'Retry' }).click();
  await expect(page.getByRole('heading', { name: 'Which machines are yours?' })).toBeVisible();
  await app.stop();
  rmSync(dir, { recursive: true, force: true });
});

test('a window in which nothing happens does nothing', async ({ page, app }) => {
  await takeIn(page, app);
  await run(page, 'web-1', 'echo done');
  await expect(log(page)).toContainText('done');
  await expect(page.locator('[data-sonner-toast]')).toHaveCount(0);
  await page.waitForTimeout(1500);
  const changes = await page.evaluate(() => new Promise<string[]>((done) => {
    const seen: string[] = [];
    const { setItem } = Storage.prototype;
    Storage.prototype.setItem = function (key: string, value: string) { seen.push(`kept ${key}`); setItem.call(this, key, value); };
    new MutationObserver((all) => { for (const m of all) seen.push(`${m.type} of ${m.target.nodeName}`); }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    setTimeout(() => done(seen.slice(0, 10)), 2000);
  }));
  expect(changes).toEqual([]);
});
