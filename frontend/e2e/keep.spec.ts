import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp, test, expect } from './app';
import { log, run, takeIn, vm } from './steps';

test.use({ taken: true });

/** Files that are asked for go there, and are read from there; see app/desktop/dialog_dev.go. */
function files(): string {
  const dir = mkdtempSync(join(tmpdir(), 'vmo-files-'));
  process.env.VMO_DIALOG_DIR = dir;
  return dir;
}

test('settings act at once, say what breaks a rule, and are kept', async ({ page, app }) => {
  await takeIn(page, app);
  await page.keyboard.press('Control+,');
  const sheet = page.getByRole('dialog', { name: 'Settings' });
  await sheet.getByRole('textbox', { name: 'Size of letters', exact: true }).fill('16');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.evaluate(() => getComputedStyle(document.body).fontSize)).toBe('16px');
  await sheet.getByRole('button', { name: 'Density' }).or(sheet.getByLabel('Density').last()).first().click();
  await page.getByRole('option', { name: 'Compact' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-density', 'compact');

  const days = sheet.getByRole('textbox', { name: 'Keep jobs for' });
  await days.fill('-1');
  await page.keyboard.press('Enter');
  await expect(sheet.getByRole('alert')).toContainText('a number from 0');
  await days.fill('30');
  await page.keyboard.press('Enter');
  await expect(sheet.getByRole('alert')).toHaveCount(0);
  const ssh = sheet.getByRole('textbox', { name: 'ssh', exact: true });
  await ssh.fill('/no/such/ssh');
  await page.keyboard.press('Enter');
  await expect(sheet.getByRole('alert')).toContainText('no program');
  await ssh.fill('');
  await page.keyboard.press('Enter');
  await sheet.getByRole('textbox', { name: 'Ask before many VMs' }).fill('1');
  await page.keyboard.press('Enter');
  await expect(sheet.getByRole('region', { name: 'Storage' })).toContainText('free on the disk');
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();

  // A page that is reloaded while a call of it is under way may lose the first answers of the next one: Wails' browser mode.
  await page.waitForTimeout(1500);
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-density', 'compact');
  await vm(page, 'web-1').click();
  await page.getByRole('textbox', { name: 'Command', exact: true }).fill('echo asked');
  await page.keyboard.press('Control+Enter');
  await page.getByRole('dialog', { name: /^Run this on/ }).getByRole('button', { name: 'Run' }).click();
  await expect(log(page)).toContainText('asked');
});

test('output leaves as it came', async ({ page, lab }) => {
  const dir = files();
  const data = mkdtempSync(join(tmpdir(), 'vmo-keep-'));
  const app = await startApp(data, lab.config);
  await takeIn(page, app);
  await run(page, 'web-1', "seq 1 50000; printf '\\377\\0end'");
  await expect(page.getByText('50,001 lines', { exact: true })).toBeVisible();

  await test.step('export of the exact bytes, and of all as a zip', async () => {
    await page.keyboard.press('Control+h');
    await page.getByRole('button', { name: /^seq 1 50000/ }).dblclick();
    const modal = page.getByRole('dialog', { name: /^Job 1/ });
    await modal.getByRole('button', { name: 'Export…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Export job 1' });
    await dialog.getByRole('radio', { name: /Exact bytes/ }).check();
    await dialog.getByRole('button', { name: 'Export…' }).click();
    await expect(dialog.getByText(/^Exported to .*job-1-web-1\.log$/)).toBeVisible();
    const sent = Buffer.concat([Buffer.from(Array.from({ length: 50_000 }, (_, i) => `${i + 1}\n`).join('')), Buffer.from([0xff, 0]), Buffer.from('end')]);
    const sum = (b: Buffer) => createHash('sha256').update(b).digest('hex');
    expect(sum(readFileSync(join(dir, 'job-1-web-1.log')))).toBe(sum(sent));
    await dialog.getByRole('radio', { name: /as a zip/ }).check();
    await dialog.getByRole('button', { name: 'Export…' }).click();
    await expect(dialog.getByText(/^Exported to .*job-1\.zip$/)).toBeVisible();
    expect(readFileSync(join(dir, 'job-1.zip')).subarray(0, 2).toString()).toBe('PK');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await expect(modal).toBeHidden();
  });
  await app.stop();
  for (const d of [dir, data]) rmSync(d, { recursive: true, force: true });
});
