import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { startApp, sshConfig, test, expect } from './app';
import { sound } from './axe';
import { takeIn, vm } from './steps';

test.use({ taken: true });

async function explain(page: Page, name: string) {
  await vm(page, name).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Explain connection…' }).click();
  const dialog = page.getByRole('dialog', { name: `Connection of ${name}` });
  await expect(dialog).toBeVisible();
  return dialog;
}

test('each setting has its value and the line that says so; defaults are shown on demand', async ({ page, app }) => {
  await takeIn(page, app);
  const dialog = await explain(page, 'web-1');
  const row = (keyword: string) => dialog.getByRole('row').filter({ has: page.getByRole('rowheader', { name: keyword, exact: true }) });
  await expect(row('user')).toContainText(app.lab.user);
  await expect(row('proxyjump')).toContainText('bastion');
  await expect(row('hostname')).toContainText(/:\d+$/);
  await expect(row('compression')).toHaveCount(0);
  const settings = JSON.parse(app.vmo('explain', '--json', 'web-1')) as { origins: Record<string, { file: string; line: number }[]> };
  const place = settings.origins.hostname![0]!;
  await expect(row('hostname')).toContainText(`${place.file}:${place.line}`);

  await dialog.getByRole('switch', { name: /^Show the \d+ defaults/ }).check();
  await expect(row('compression')).toContainText('default');
  await dialog.getByRole('textbox', { name: 'Filter settings' }).fill('proxyj');
  await expect(dialog.getByRole('rowheader')).toHaveText(['proxyjump']);
  await dialog.getByRole('textbox', { name: 'Filter settings' }).fill('nothing like it');
  await expect(dialog.getByText('No setting fits “nothing like it”.')).toBeVisible();
  await dialog.getByRole('button', { name: 'Clear the filter' }).click();
  await expect(row('user')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
});

test('the connection is made step by step, on every machine on the way, and can be made again', async ({ page, app }) => {
  await takeIn(page, app);
  const dialog = await explain(page, 'web-1');
  await dialog.getByRole('tab', { name: 'Settings' }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(dialog.getByText('All steps went well')).toBeVisible();
  await expect(dialog.getByRole('heading', { level: 3 })).toHaveText(['web-1', 'bastion', 'web-1']);
  const steps = dialog.getByRole('listitem');
  await expect(steps.filter({ hasText: 'Host key' }).first()).toContainText(/SHA256:\S+, known at .*known_hosts:\d+/);
  await expect(steps.filter({ hasText: `as ${app.lab.user} with the key` })).toHaveCount(2);
  await expect(steps.filter({ hasText: 'Shell' })).toContainText('/bin/sh runs commands');
  await dialog.getByRole('button', { name: 'Check again' }).click();
  await expect(dialog.getByText('All steps went well')).toBeVisible();
  expect(app.vmo('jobs', '--json').trim()).toBe('');
});

test('an unknown key ends the check with its fingerprint, and stays unknown', async ({ page, app }) => {
  await takeIn(page, app);
  const before = readFileSync(app.lab.knownHosts, 'utf8');
  const dialog = await explain(page, 'stranger');
  await dialog.getByRole('tab', { name: 'Connection' }).click();
  const failed = dialog.getByRole('listitem').filter({ hasText: 'host_key_unknown' });
  await expect(failed).toContainText(app.lab.strangerFingerprint);
  await expect(failed).toContainText('Compare the fingerprint');
  await expect(dialog.getByRole('listitem').filter({ hasText: 'not reached' })).toHaveCount(2);
  expect(readFileSync(app.lab.knownHosts, 'utf8')).toBe(before);
});

test('a file that ssh refuses is said with its line, and read again when it is mended', async ({ page, lab }) => {
  expect(lab.user).not.toBe('');
  const dir = mkdtempSync(join(tmpdir(), 'vmo-explain-'));
  const good = 'Host plain\n  HostName 127.0.0.1\n  Port 2222\n';
  const config = sshConfig(good);
  const app = await startApp(dir, config);
  await takeIn(page, app, 'plain');
  writeFileSync(config, good.replace('2222', 'ninety'));
  const dialog = await explain(page, 'plain');
  await expect(dialog.getByRole('alert')).toContainText(`${config} line 3`);
  writeFileSync(config, good);
  await dialog.getByRole('button', { name: 'Read again' }).click();
  await expect(dialog.getByRole('rowheader', { name: 'port' })).toBeVisible();
  await app.stop();
  rmSync(dir, { recursive: true, force: true });
});

for (const theme of ['light', 'dark'] as const) {
  test(`it can be read in the ${theme} theme, in the smallest window`, async ({ page, app }, info) => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await takeIn(page, app);
    for (const size of [{ width: 1280, height: 800 }, { width: 900, height: 600 }]) {
      await page.setViewportSize(size);
      const picture = (name: string) => page.screenshot({ path: info.outputPath(`${name}-${size.width}.png`) });
      const dialog = await explain(page, 'stranger');
      await expect(dialog.getByRole('rowheader').first()).toBeVisible();
      await sound(page);
      await picture('settings');
      await dialog.getByRole('tab', { name: 'Connection' }).click();
      await expect(dialog.getByText('It failed after')).toBeVisible();
      await sound(page);
      await picture('steps');
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
      await page.keyboard.press('Escape');
      await expect(dialog).toBeHidden();
    }
  });
}
