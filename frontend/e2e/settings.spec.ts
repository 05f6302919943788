import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { startApp, test, expect } from './app';
import { log, takeIn, vm } from './steps';

test.use({ taken: true });

// What each setting does; that they are kept, and what breaks their rules, is keep.spec.ts's.

const sheet = (page: Page) => page.getByRole('dialog', { name: 'Settings' });
const line = (page: Page) => page.getByRole('textbox', { name: 'Command', exact: true });
const confirm = (page: Page) => page.getByRole('dialog', { name: /^Run this on/ });

/** Types a value into a setting and keeps it. */
async function put(page: Page, label: string, value: string): Promise<void> {
  await sheet(page).getByRole('textbox', { name: label, exact: true }).fill(value);
  await page.keyboard.press('Enter');
}

/** A program that writes down what it was called with. */
function program(dir: string, name: string): { path: string; said: () => string } {
  const [path, said] = [join(dir, name), join(dir, `${name}.said`)];
  writeFileSync(path, `#!/bin/sh\nprintf '%s|' "$@" >'${said}.new'; mv '${said}.new' '${said}'\n`);
  chmodSync(path, 0o755);
  return { path, said: () => (existsSync(said) ? readFileSync(said, 'utf8') : '') };
}

test('Appearance: the theme and both sizes of letters act at once', async ({ page, app }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await takeIn(page, app);
  await page.keyboard.press('Control+,');
  for (const [theme, dark] of [['Dark', true], ['Light', false], ['As the system', false]] as const) {
    await sheet(page).getByRole('combobox', { name: 'Theme' }).click();
    await page.getByRole('option', { name: theme, exact: true }).click();
    await expect.poll(() => page.evaluate(() => document.documentElement.classList.contains('dark'))).toBe(dark);
  }
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(() => page.evaluate(() => document.documentElement.classList.contains('dark'))).toBe(true);
  await put(page, 'Size of letters in output', '16');
  await page.keyboard.press('Escape');
  await vm(page, 'web-1').click();
  await line(page).fill('echo large');
  await page.keyboard.press('Control+Enter');
  await expect(log(page).getByText('large', { exact: true })).toHaveCSS('font-size', '16px');
});

test('Running: VMs at once, the time-out of a new command, production, and when a long job is told', async ({ page, app }) => {
  await takeIn(page, app);
  await page.keyboard.press('Control+,');
  await put(page, 'VMs at once', '201');
  await expect(sheet(page).getByRole('alert')).toContainText('at once is a number from 1 to 200');
  await put(page, 'VMs at once', '7');
  await put(page, 'Time-out of a new command', '2');
  await put(page, 'Tell of long jobs', '86401');
  await expect(sheet(page).getByRole('alert')).toContainText('a number from 0 to 86400');
  await put(page, 'Tell of long jobs', '5');
  await expect(sheet(page).getByRole('alert')).toHaveCount(0);
  await sheet(page).getByRole('switch', { name: 'Ask before production' }).uncheck();
  await page.keyboard.press('Escape');
  await expect(sheet(page)).toBeHidden();

  await vm(page, 'bastion').click();
  await vm(page, 'db-1-prod').click({ modifiers: ['Control'] });
  await expect(page.getByRole('spinbutton', { name: 'at once' })).toHaveValue('7');
  await line(page).fill('echo not asked');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText('2 succeeded', { exact: true })).toBeVisible();
  await expect(confirm(page)).toHaveCount(0);
  await page.getByRole('button', { name: 'Add command' }).click();
  await expect(page.getByRole('dialog').getByRole('textbox', { name: /^Time-out/ })).toHaveValue('2');
  await page.keyboard.press('Escape');

  // Kept in the database, where a new window and vmo read them.
  await page.keyboard.press('Control+,');
  await expect(sheet(page).getByRole('textbox', { name: 'Tell of long jobs' })).toHaveValue('5');
  await sheet(page).getByRole('switch', { name: 'Ask before production' }).check();
  await page.keyboard.press('Escape');
  await line(page).fill('echo asked');
  await page.keyboard.press('Control+Enter');
  await expect(confirm(page)).toContainText('db-1-prod');
});

test('Programs and folder: the terminal and the ssh of the settings are used, a missing one is told; the data folder opens', async ({ page, lab }) => {
  const dir = mkdtempSync(join(tmpdir(), 'vmo-settings-'));
  const [terminal, ssh, opener] = [program(dir, 'my-terminal'), program(dir, 'my-ssh'), program(dir, 'xdg-open')];
  const path = process.env.PATH ?? '';
  process.env.PATH = `${dir}:${path}`;
  const app = await startApp(join(dir, 'data'), lab.config);
  process.env.PATH = path;
  await takeIn(page, app);
  await page.keyboard.press('Control+,');
  await put(page, 'Terminal', join(dir, 'nothing'));
  await expect(sheet(page).getByRole('alert')).toContainText('there is no program');
  await put(page, 'Terminal', `${terminal.path} --big`);
  await put(page, 'ssh', ssh.path);
  await expect(sheet(page).getByRole('alert')).toHaveCount(0);
  await expect(sheet(page).getByText(join(dir, 'data'), { exact: true })).toBeVisible();
  await sheet(page).getByLabel('Data folder', { exact: true }).click();
  await expect.poll(opener.said).toBe(`${join(dir, 'data')}|`);
  await page.keyboard.press('Escape');
  await expect(sheet(page)).toBeHidden();
  await vm(page, 'web-1').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Open a terminal' }).click();
  await expect.poll(terminal.said).toMatch(/^--big\|-e\|/);
  expect(terminal.said()).toContain(`|${ssh.path}|-F|${lab.config}|web-1|`);
  await app.stop();
  rmSync(dir, { recursive: true });
});

type Bound = Record<string, Record<string, (...args: unknown[]) => Promise<unknown>>>;

/** Loses all calls of a bound method, until what it gives is called. */
async function lose(page: Page, subject: string, method: string): Promise<() => Promise<void>> {
  const find = await page.evaluateHandle(([subject, method]) => {
    const bound = (window as unknown as { go: { desktop: Bound } }).go.desktop[subject]!;
    const call = bound[method]!;
    bound[method] = () => Promise.reject(new Error('Call timed out.'));
    return () => { bound[method] = call; };
  }, [subject, method] as const);
  return () => find.evaluate((again) => again());
}

test('a call that is lost says so, with Retry, which goes on where it stopped', async ({ page, app }) => {
  await takeIn(page, app);
  app.vmo('run', '--on', 'web-1', '--', 'echo in the history');
  await page.keyboard.press('Control+h');
  const rows = page.getByRole('region', { name: 'Jobs' }).locator('[data-main]:visible');
  await expect(rows).toHaveText(['echo in the history']);

  await test.step('reading the history', async () => {
    const find = await lose(page, 'Jobs', 'List');
    await page.keyboard.type('history');
    const alert = page.getByRole('region', { name: 'Execution' }).getByRole('alert');
    await expect(alert).toContainText('The app did not answer');
    await expect(alert).toContainText('Try again.');
    await page.waitForTimeout(1500); // what the job of vmo still causes to be read is lost too, or it would do what Retry does
    await find();
    await alert.getByRole('button', { name: 'Retry' }).click();
    await expect(alert).toHaveCount(0);
    await expect(rows).toHaveText(['echo in the history']);
  });

  await test.step('starting a job', async () => {
    await page.keyboard.press('Control+l');
    await vm(page, 'web-1').click();
    const find = await lose(page, 'Jobs', 'Start');
    await line(page).fill('echo once only');
    await page.keyboard.press('Control+Enter');
    await expect(page.getByRole('alert').filter({ hasText: 'The app did not answer' })).toBeVisible();
    await expect(line(page)).toHaveValue('echo once only'); // nothing is lost, and nothing runs twice by itself
    await find();
    await page.keyboard.press('Control+Enter');
    await expect(log(page)).toContainText('once only');
  });

  await test.step('the preview of a command', async () => {
    await page.getByRole('button', { name: 'Add command' }).click();
    const form = page.getByRole('dialog');
    const script = form.getByRole('textbox', { name: 'Script', exact: true });
    await script.fill('echo first');
    // A call that is still to come would answer in the place of Retry.
    await expect(form.getByLabel('The script with its values')).toHaveText('echo first');
    const find = await lose(page, 'Commands', 'Preview');
    await script.fill('echo shown');
    await expect(form.getByRole('alert')).toContainText('The script could not be shown.');
    await find();
    await form.getByRole('button', { name: 'Retry' }).click();
    await expect(form.getByLabel('The script with its values')).toHaveText('echo shown');
  });
});
