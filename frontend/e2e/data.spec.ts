import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { startApp, test, expect } from './app';
import { log, run, takeIn, vm } from './steps';

test.use({ taken: true });

// All data as a whole: backup, restore, check and repair, from the window.

const settings = (page: Page) => page.getByRole('dialog', { name: 'Settings' });
const jobs = (page: Page) => page.getByRole('region', { name: 'Jobs' }).locator('[data-main]:visible');

/** A folder that answers for the person where the system asks for a file (see app/desktop/dialog_dev.go), and one for the data. */
function folders(): { dir: string; data: string } {
  const dir = mkdtempSync(join(tmpdir(), 'vmo-files-'));
  process.env.VMO_DIALOG_DIR = dir;
  return { dir, data: mkdtempSync(join(tmpdir(), 'vmo-data-')) };
}

test('all data is backed up while a job runs, checked, and put back as it was; what was there is kept', async ({ page, lab }) => {
  const { dir, data } = folders();
  const app = await startApp(data, lab.config);
  await takeIn(page, app);
  await run(page, 'web-1', 'echo before the backup');
  await expect(log(page)).toContainText('before the backup');
  await run(page, 'web-1', 'echo going on; sleep 600');
  await expect(log(page)).toContainText('going on');

  await page.keyboard.press('Control+,');
  await expect(settings(page).getByText(data, { exact: true })).toBeVisible();
  await settings(page).getByLabel('Backup', { exact: true }).click();
  await expect(settings(page).getByText(/^Backed up to .*: 2 jobs, \d+ VMs, \d+ commands$/)).toBeVisible();
  const backup = join(dir, readdirSync(dir).find((name) => /^vmo-backup-\d{4}-\d\d-\d\d\.db$/.test(name)) ?? 'none');
  await settings(page).getByLabel('Check', { exact: true }).click();
  await expect(settings(page).getByText('The database is sound.')).toBeVisible();

  // Not while something writes.
  await expect(settings(page).getByLabel('Restore', { exact: true })).toBeDisabled();
  await expect(settings(page).getByText('Jobs are running: stop them first.')).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(page.getByText('Stopped: nothing of it is left on web-1.')).toBeVisible();
  await run(page, 'web-1', 'echo after the backup');
  await expect(log(page)).toContainText('after the backup');
  await vm(page, 'bastion').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await expect(vm(page, 'bastion')).toHaveCount(0);

  await page.keyboard.press('Control+,');
  const asks = page.getByRole('dialog', { name: 'Put a backup in the place of your data?' });
  const restore = async () => {
    await settings(page).getByLabel('Restore', { exact: true }).click();
    await asks.getByRole('button', { name: 'Choose a backup…' }).click();
  };
  await settings(page).getByLabel('Restore', { exact: true }).click();
  await asks.getByRole('button', { name: 'Cancel' }).click();
  await expect(asks).toBeHidden();
  writeFileSync(join(dir, 'note.txt'), 'no backup at all');
  writeFileSync(join(dir, 'open'), join(dir, 'note.txt'));
  await restore();
  await expect(settings(page).getByRole('alert')).toContainText('this is no backup of the app');
  writeFileSync(join(dir, 'open'), backup);
  await restore();
  await expect(page.getByText('Your backup is in place.')).toBeVisible();
  await expect(settings(page).getByText(/Restored: 2 jobs, .*What was there is kept as /)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(settings(page)).toBeHidden();
  await expect(vm(page, 'bastion')).toBeVisible();
  await page.keyboard.press('Control+h');
  await expect(jobs(page)).toHaveText(['echo going on; sleep 600', 'echo before the backup']);
  await app.stop();
  for (const d of [dir, data]) rmSync(d, { recursive: true });
});

test('a damaged database: what can be read is saved from the window, and the damaged file is kept', async ({ page, lab }) => {
  const { dir, data } = folders();
  const app = await startApp(data, lab.config);
  await takeIn(page, app);
  await run(page, 'web-1', 'seq 1 100; echo kept');
  await expect(log(page)).toContainText('kept');
  await app.stop();
  const file = join(data, 'vmo.db');
  const fd = openSync(file, 'r+');
  writeSync(fd, Buffer.alloc(100, 0xa5), 0, 100, 0); // the header, by which SQLite knows its files
  closeSync(fd);
  const size = statSync(file).size;

  const again = await startApp(data, lab.config);
  await page.goto(again.url);
  const alert = page.getByRole('alert');
  await expect(alert).toContainText("VM Orchestrator can't open");
  await alert.getByRole('button', { name: 'Retry' }).click();
  await expect(alert.getByRole('button', { name: 'Restore a backup…' })).toBeVisible();
  await alert.getByRole('button', { name: 'Save what can be read' }).click();
  await expect(page.getByText('Your data opens again.')).toBeVisible();
  const kept = /kept as (.*\.db[^ ]*?)\.$/.exec((await page.getByText(/kept as /).textContent()) ?? '')?.[1] ?? '';
  expect(existsSync(kept)).toBe(true);
  expect(statSync(kept).size).toBe(size);
  await expect(vm(page, 'web-1')).toBeVisible();
  await page.keyboard.press('Control+h');
  await jobs(page).first().click();
  await page.getByRole('button', { name: 'Open log' }).click();
  await expect(page.getByRole('dialog').getByRole('log')).toContainText('kept');
  await again.stop();
  for (const d of [dir, data]) rmSync(d, { recursive: true });
});
