import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Page } from '@playwright/test';
import { test, expect, type App } from './app';
import { outputCases } from './outputCases';
import { log, run, takeIn } from './steps';

test.use({ taken: true });

// Every case of the design's "Output": shown by the viewer, and given back byte for byte by the window and by vmo, after
// its way from a real sshd through the job into the database. `make screenshots` makes the pictures of docs/output.md.

let dir = '';
test.beforeAll(() => { process.env.VMO_DIALOG_DIR = dir = mkdtempSync(join(tmpdir(), 'vmo-output-')); }); // see build/_windowless
test.afterAll(() => rmSync(dir, { recursive: true, force: true }));

const about = (bytes: Buffer) => `${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`;

/** What the window's export writes. */
async function exported(page: Page, stream: 'stdout' | 'stderr'): Promise<Buffer> {
  const file = join(dir, `job-1-web-1-${stream}.log`);
  await page.getByRole('button', { name: 'More about this output' }).first().click();
  await page.getByRole('menuitem', { name: /^Export…/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Export job 1' });
  await dialog.getByRole('radio', { name: /Exact bytes/ }).check();
  await dialog.getByRole('combobox', { name: 'Stream' }).click();
  await page.getByRole('option', { name: `Only ${stream}` }).click();
  await dialog.getByRole('button', { name: 'Export…' }).click();
  await expect(dialog.getByText(`Exported to ${file}`, { exact: true })).toBeVisible({ timeout: 60_000 });
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
  await expect(dialog).toBeHidden();
  const bytes = readFileSync(file);
  rmSync(file);
  return bytes;
}

/** What vmo writes, in a process of its own. */
const printed = (app: App, stream: string): Buffer =>
  execFileSync(resolve(import.meta.dirname, '../../bin/vmo'), ['--data', app.dataDir, '--ssh-config', app.lab.config, 'logs', '1', '--raw', '--stream', stream], { maxBuffer: 256 << 20 });

for (const c of outputCases) {
  test(`output ${c.name}: shown, and exported byte for byte`, async ({ page, app }) => {
    await takeIn(page, app);
    await run(page, 'web-1', c.script);
    await expect(page.getByText(c.lines, { exact: true })).toBeVisible({ timeout: 120_000 });
    await expect(log(page)).toContainText(c.shows);
    if (c.killed) await expect(page.getByText(/SIGKILL|exit 137/).filter({ visible: true }).first()).toBeVisible();
    for (const stream of ['stdout', 'stderr'] as const) {
      const sent = c[stream]?.() ?? Buffer.alloc(0);
      expect(about(await exported(page, stream)), `the window, ${stream}`).toBe(about(sent));
      expect(about(printed(app, stream)), `vmo, ${stream}`).toBe(about(sent));
    }
  });
}
