import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Page } from '@playwright/test';
import { startApp, startOnDisk, sshConfig, test, expect, type Lab } from './app';
import { open, run, takeIn } from './steps';

// What can go wrong, in the words of the one golden table that vmo is tested with too.
const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../../app/cli/testdata/conditions.json'), 'utf8')) as Record<string, { message: string; hint: string }>;

/** Puts the table's placeholders for what differs from machine to machine. */
function plain(text: string, lab: Lab, host: string): string {
  return text.replaceAll(dirname(dirname(lab.config)), 'DIR').replaceAll(/SHA256:[A-Za-z0-9+/]{43}/g, 'KEY').replaceAll(/(\bport |127\.0\.0\.1\]?:)\d+\b/g, '$1PORT')
    .replaceAll(/known_hosts:\d+/g, 'known_hosts:1').replace(`${lab.user}@`, 'USER@').replaceAll(new RegExp(`\\b${host}\\b`, 'g'), 'HOST');
}

async function says(page: Page, lab: Lab, host: string, name: string): Promise<void> {
  const words = golden[name]!;
  const alert = page.getByRole('alert').first();
  await expect(alert).toBeVisible();
  await expect.poll(async () => plain((await alert.textContent()) ?? '', lab, host)).toContain(words.message);
  expect(plain((await alert.textContent()) ?? '', lab, host)).toContain(words.hint);
}

/** An app on the lab's second configuration, and a way to be asked nothing. */
async function withTrouble(page: Page, lab: Lab, use: () => Promise<void>, config = lab.trouble, one = 'box-1'): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'vmo-trouble-'));
  const app = await startApp(dir, config);
  await takeIn(page, app, one);
  await use();
  await app.stop();
  rmSync(dir, { recursive: true, force: true });
}

test('each thing that can go wrong has its sentence and its next step', async ({ page, lab }) => {
  await withTrouble(page, lab, async () => {
    for (const [host, name] of Object.entries({
      nowhere: 'no address', silent: 'silent host', dead: 'dead host', refused: 'refused port', nokey: 'wrong key', noagent: 'agent gone', nosh: 'target without sh',
      strict: 'unknown host key, strictly', 'revoked-1': 'revoked host key',
    })) {
      await test.step(name, async () => {
        await run(page, host, 'true');
        await says(page, lab, host, name);
        await page.reload();
      });
    }
  });
});

test('a changed key says so where the job is, too', async ({ page, lab }) => {
  await withTrouble(page, lab, async () => {
    await run(page, 'changed-1', 'true');
    await page.getByRole('dialog', { name: /key of changed-1 has changed/ }).getByRole('button', { name: 'Close' }).last().click();
    await says(page, lab, 'changed-1', 'changed host key');
  });
});

test('a passphrase that is wrong three times', async ({ page, lab }) => {
  await withTrouble(page, lab, async () => {
    await run(page, 'locked', 'true');
    const dialog = page.getByRole('dialog', { name: 'Passphrase of your key' });
    for (const [n, wrong] of ['one', 'two', 'three'].entries()) {
      await expect(dialog.getByText(/That was not it/)).toHaveCount(n > 0 ? 1 : 0);
      await expect(dialog.getByLabel(/Passphrase for/)).toHaveValue('');
      await dialog.getByLabel(/Passphrase for/).fill(wrong);
      await page.keyboard.press('Enter');
    }
    await says(page, lab, 'locked', 'wrong passphrase');
  });
});

test('a file that ssh refuses', async ({ page, lab }) => {
  const config = sshConfig('Host web-1\n  Port ninety\n');
  await withTrouble(page, lab, async () => {
    await run(page, 'web-1', 'true');
    const alert = page.getByRole('alert').first();
    await expect(alert).toContainText(golden['ssh refuses the file']!.message.replace('HOST', 'web-1').replace('DIR/.ssh/config', config));
    await expect(alert).toContainText(golden['ssh refuses the file']!.hint);
  }, config, 'web-1');
});

test('the disk is full', async ({ page, lab }) => {
  const dir = mkdtempSync(join(tmpdir(), 'vmo-full-'));
  const app = await startOnDisk(48, dir, lab.trouble);
  await takeIn(page, app, 'box-1');
  await run(page, 'box-1', 'head -c 200000000 /dev/urandom; sleep 60');
  const alert = page.getByRole('alert').first();
  await expect(alert).toContainText('the disk is full', { timeout: 45_000 });
  await expect(alert).toContainText(`Make room on the disk of ${dir}/vmo.db, then try again.`);
  await expect(page.getByText(/output incomplete from byte \d+/).filter({ visible: true }).first()).toBeVisible();
  await page.getByRole('tab', { name: 'History' }).click(); // the app goes on
  await expect(page.getByText('failed').filter({ visible: true }).first()).toBeVisible();
  await app.stop();
  rmSync(dir, { recursive: true, force: true });
});

test('an ssh_config that is not there, and one that cannot be read', async ({ page }) => {
  const dir = mkdtempSync(join(tmpdir(), 'vmo-noconfig-'));
  const missing = join(dir, 'nothing');
  const folder = join(dir, 'folder');
  mkdirSync(folder);
  for (const [config, sentence] of [[missing, /Where we looked.*nothing\s+not there/], [folder, /folder can't be read: it is a folder\s+Check who owns the file/]] as const) {
    const app = await startApp(join(dir, 'data'), config);
    await open(page, app);
    await expect(page.getByRole('main')).toContainText(sentence);
    await expect(page.getByRole('button', { name: 'Start the demo' })).toBeVisible();
    await app.stop();
  }
  rmSync(dir, { recursive: true, force: true });
});
