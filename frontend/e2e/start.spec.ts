import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect } from '@playwright/test';
import { sshConfig, startApp } from './app';
import { log, open, vm } from './steps';

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
