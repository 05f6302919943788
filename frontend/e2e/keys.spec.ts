import { readFileSync } from 'node:fs';
import { test, expect } from './app';
import { log, run, takeIn } from './steps';

test.use({ taken: true });

test('an unknown key is asked with its fingerprint; Cancel is the default and stores nothing; Trust stores and connects', async ({ page, app }) => {
  await takeIn(page, app);
  const before = readFileSync(app.lab.knownHosts, 'utf8');
  await run(page, 'stranger', 'echo hello');
  const dialog = page.getByRole('dialog', { name: 'Do you know this key?' });
  await expect(dialog).toBeVisible();
  const shown = ((await dialog.textContent()) ?? '').replace(/\s/g, '');
  expect(shown).toContain(app.lab.strangerFingerprint.slice(7));
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('alert').first()).toContainText(/key/i);
  expect(readFileSync(app.lab.knownHosts, 'utf8')).toBe(before);

  await run(page, 'stranger', 'echo hello');
  await dialog.getByLabel('Compare').fill('SHA256:AAAA');
  await expect(dialog.getByText(/Not the same/)).toBeVisible();
  await expect(dialog.getByRole('button', { name: 'Trust and connect' })).toBeDisabled();
  await dialog.getByLabel('Compare').fill(app.lab.strangerFingerprint);
  await expect(dialog.getByText(/The same/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Trust and connect' }).click();
  await expect(log(page)).toContainText('hello');
  expect(readFileSync(app.lab.knownHosts, 'utf8').length).toBeGreaterThan(before.length);
});

test('a changed key is a full stop with nothing to accept, also with StrictHostKeyChecking no', async ({ page, app }) => {
  await takeIn(page, app);
  await run(page, 'changed', 'echo never');
  const dialog = page.getByRole('dialog', { name: /key of changed has changed/ });
  await expect(dialog).toBeVisible();
  await expect(dialog).toContainText('Stopped.');
  expect(((await dialog.textContent()) ?? '').replace(/\s/g, '')).toContain(app.lab.changedFingerprint.slice(7));
  await expect(dialog.getByRole('button', { name: /trust|accept/i })).toHaveCount(0);
  await expect(dialog).toContainText('ssh-keygen');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await expect(page.getByRole('alert').first()).toContainText(/changed/i);
});

test('a passphrase is asked again when it was wrong, and never lands on the disk', async ({ page, app }) => {
  await takeIn(page, app);
  await run(page, 'locked', 'echo unlocked');
  const dialog = page.getByRole('dialog', { name: 'Passphrase of your key' });
  await expect(dialog.getByLabel(/Passphrase for/)).toBeFocused();
  await page.keyboard.type('not it');
  await page.keyboard.press('Enter');
  await expect(dialog.getByText(/That was not it/)).toBeVisible();
  await dialog.getByLabel(/Passphrase for/).fill(app.lab.passphrase);
  await page.keyboard.press('Enter');
  await expect(log(page)).toContainText('unlocked');
  for (const file of ['vmo.db', 'vmo.db-wal']) {
    const text = await import('node:fs/promises').then((fs) => fs.readFile(`${app.dataDir}/${file}`).catch(() => Buffer.alloc(0)));
    expect(text.includes(app.lab.passphrase)).toBe(false);
  }
});
