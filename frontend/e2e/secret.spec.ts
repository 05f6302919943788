import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { startApp, test, expect, vmoOn } from './app';
import { log, open, run, takeIn, vm } from './steps';

test.use({ taken: true });

const root = resolve(import.meta.dirname, '../..');

// One after the other: a keychain that one of them starts is on the bus of all.
test.describe.configure({ mode: 'default' });

/** The files below a folder that hold a text. */
function holding(dir: string, text: string): string[] {
  return (readdirSync(dir, { recursive: true }) as string[]).map((name) => join(dir, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() && readFileSync(path).includes(text));
}

/** The processes whose command line holds a text. */
const commandLines = (text: string): string[] => readdirSync('/proc').filter((pid) => {
  try { return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`).includes(text); } catch { return false; }
});

test('secret parameters: asked with a password field, masked, kept nowhere, asked for again', async ({ page, app }) => {
  const token = `tok${randomBytes(12).toString('hex')}`, password = `pw${randomBytes(12).toString('hex')}`;
  await takeIn(page, app);

  // The form: one secret in the script, one for the standard input.
  await page.getByRole('button', { name: /^(Add a command|Add command|New command)/ }).first().click();
  const form = page.getByRole('dialog', { name: 'Add a command' });
  await form.getByLabel('Name', { exact: true }).fill('Secretive');
  await form.getByRole('textbox', { name: /^Script/ }).fill('echo got {{token}}; IFS= read -r line; test -n "$line" && echo "read ${#line}"; sleep 1');
  await form.getByRole('combobox', { name: 'Type of token' }).click();
  await page.getByRole('option', { name: 'Secret' }).click();
  await expect(form.getByText('••• asked at every run')).toBeVisible();
  await form.getByRole('button', { name: 'Secret for sudo' }).click();
  await expect(form.getByText(/sudo -S -p/)).toBeVisible();
  await expect(form.getByLabel('The script with its values')).toContainText('"$VMO_SECRET_token"');
  await form.getByRole('switch', { name: /Ask before it runs/ }).check();
  await form.getByRole('button', { name: /^Add/ }).last().click();
  await expect(form).toBeHidden();

  // The run: nothing of them is shown.
  await vm(page, 'web-1').click();
  const fields = page.locator('input[type=password]');
  await expect(fields).toHaveCount(2);
  await expect(page.getByText('token needs a value')).toBeVisible();
  await page.getByLabel('token', { exact: false }).fill(token);
  await page.getByLabel('password', { exact: false }).fill(password);
  await expect(page.getByLabel('Script')).toContainText('got •••');
  await page.keyboard.press('Control+Enter');
  const confirm = page.getByRole('dialog', { name: /^Run this on/ });
  await expect(confirm).toContainText('token •••');
  await expect(confirm).not.toContainText(token);
  await confirm.getByRole('button', { name: 'Run' }).click();
  await expect(log(page)).toContainText(`got ${'*'.repeat(token.length)}`);
  expect(commandLines(token)).toEqual([]);
  expect(commandLines(password)).toEqual([]);
  await expect(log(page)).toContainText(`read ${password.length}`);
  await expect(fields.first()).toHaveValue('');
  await expect(page.getByText('succeeded').filter({ visible: true }).first()).toBeVisible();
  expect(await page.content()).not.toContain(token);

  // Again, from the history: they are asked for.
  await page.getByRole('tab', { name: 'History' }).click();
  await page.getByRole('region', { name: 'Jobs' }).getByRole('button', { name: 'Secretive' }).click();
  await page.getByRole('button', { name: 'Run again' }).click();
  const again = page.getByRole('dialog', { name: /^Run job .* again$/ });
  await expect(again.getByRole('button', { name: 'Run' })).toBeDisabled();
  await again.getByLabel('token').fill('second');
  await again.getByLabel('password').fill(password);
  await page.keyboard.press('Enter');
  await expect(again).toBeHidden();
  await expect(log(page)).toContainText(`got ${'*'.repeat('second'.length)}`);
  await expect(log(page)).toContainText(`read ${password.length}`);

  // What the command itself printed is stored as it came; nothing else knows a secret.
  expect(app.vmo('logs', '1')).toContain(`got ${token}`);
  expect(holding(app.dataDir, password)).toEqual([]);
  expect(holding(app.dataDir, 'VMO_SECRET_token')).not.toEqual([]); // what is there is found
  for (const secret of [token, password]) {
    expect(app.output()).not.toContain(secret);
    expect(app.vmo('jobs', '--json')).not.toContain(secret);
  }
});

test('the app writes no core file; where there is no keychain the passphrase dialog offers none', async ({ page, app }) => {
  expect(readFileSync(`/proc/${app.pid}/limits`, 'utf8')).toMatch(/Max core file size\s+1 /);
  await takeIn(page, app);
  await run(page, 'locked', 'echo unlocked');
  const dialog = page.getByRole('dialog', { name: 'Passphrase of your key' });
  await dialog.getByLabel(/Passphrase for/).fill(app.lab.passphrase);
  await expect(dialog.getByRole('checkbox')).toHaveCount(0);
  await page.keyboard.press('Enter');
  await expect(log(page)).toContainText('unlocked');
  expect(app.output()).not.toContain(app.lab.passphrase);
});

/** A keychain on the bus of the tests. `kept` names what it holds. */
async function startKeychain() {
  execFileSync('go', ['build', '-o', 'bin/keychain', './internal/secretservice/serve'], { cwd: root });
  const process = spawn(join(root, 'bin/keychain'), [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    kept: async (): Promise<string[]> => { process.stdin.write('\n'); return JSON.parse((await lines.next()).value as string) as string[]; },
    stop: () => new Promise<void>((done) => { process.once('exit', () => done()); process.kill(); }),
  };
}

test('a passphrase is kept on the tick alone, used at the next start, and forgotten when it is wrong', async ({ page, lab }) => {
  const { kept, stop } = await startKeychain();
  const dataDir = mkdtempSync(join(tmpdir(), 'vmo-e2e-'));
  const key = join(lab.config, '../id_locked');
  const changeKey = (from: string, to: string) => execFileSync('ssh-keygen', ['-q', '-p', '-f', key, '-P', from, '-N', to]);
  const dialog = page.getByRole('dialog', { name: 'Passphrase of your key' });
  const other = randomBytes(12).toString('hex');
  let changed = false, first = true;
  /** One start of the app, up to the question or the output. */
  const session = async (act: () => Promise<void>) => {
    const app = await startApp(dataDir, lab.config);
    try {
      if (first) await takeIn(page, app);
      else await open(page, app);
      first = false;
      await run(page, 'locked', 'echo unlocked');
      await act();
      await expect(log(page)).toContainText('unlocked');
      expect(app.output()).not.toContain(lab.passphrase);
    } finally {
      await app.stop();
    }
  };
  try {
    await session(async () => {
      await dialog.getByLabel(/Passphrase for/).fill(lab.passphrase);
      await expect(dialog.getByRole('checkbox')).not.toBeChecked();
      await page.keyboard.press('Enter');
    });
    expect(await kept()).toEqual([]);
    await session(async () => {
      await dialog.getByLabel(/Passphrase for/).fill(lab.passphrase);
      await dialog.getByRole('checkbox', { name: /keychain/ }).check();
      await dialog.getByRole('button', { name: 'Continue' }).click();
    });
    expect(await kept()).toEqual([`passphrase ${key}`]);
    await session(async () => { await expect(dialog).toBeHidden(); });
    changeKey(lab.passphrase, other);
    changed = true;
    await session(async () => {
      await expect(dialog.getByText(/has been forgotten/)).toBeVisible();
      expect(await kept()).toEqual([]);
      await dialog.getByLabel(/Passphrase for/).fill(other);
      await page.keyboard.press('Enter');
    });
    expect(await kept()).toEqual([]);
    for (const secret of [lab.passphrase, other]) expect(holding(dataDir, secret)).toEqual([]);
  } finally {
    if (changed) changeKey(other, lab.passphrase);
    await stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

test('a secret parameter is kept on the tick alone, given to the window by nobody, used by the window and vmo, and forgotten', async ({ page, lab }) => {
  const { kept, stop } = await startKeychain();
  const dataDir = mkdtempSync(join(tmpdir(), 'vmo-e2e-'));
  const token = `tok${randomBytes(12).toString('hex')}`;
  const app = await startApp(dataDir, lab.config);
  const vmo = (...args: string[]) => vmoOn(dataDir, lab.config, ...args);
  const field = page.getByRole('textbox', { name: 'token' });
  const stars = `got ${'*'.repeat(token.length)}`;
  try {
    await takeIn(page, app);
    await page.getByRole('button', { name: /^(Add a command|Add command|New command)/ }).first().click();
    const form = page.getByRole('dialog', { name: 'Add a command' });
    await form.getByLabel('Name', { exact: true }).fill('Secretive');
    await form.getByRole('textbox', { name: /^Script/ }).fill('echo got {{token}}');
    await form.getByRole('combobox', { name: 'Type of token' }).click();
    await page.getByRole('option', { name: 'Secret' }).click();
    await form.getByRole('button', { name: /^Add/ }).last().click();
    await vm(page, 'web-1').click();

    // Without the tick nothing is kept.
    await field.fill(token);
    const tick = page.getByRole('checkbox', { name: 'Keep token in the keychain of this computer' });
    await expect(tick).not.toBeChecked();
    await page.keyboard.press('Control+Enter');
    await expect(log(page)).toContainText(stars);
    await expect(field).toHaveValue('');
    await expect(field).toHaveAttribute('placeholder', 'asked at every run');
    expect(await kept()).toEqual([]);

    await field.fill(token);
    await tick.check();
    await page.getByRole('button', { name: /^Run/ }).click();
    await expect(field).toHaveAttribute('placeholder', 'kept in the keychain');
    await expect(field).toHaveValue('');
    expect(await kept()).toEqual([expect.stringMatching(/^parameter \S+ token$/)]);

    // Nothing needs to be typed any more: in the window, from the history, and in vmo.
    await expect(page.getByText('token needs a value')).toHaveCount(0);
    await page.getByRole('button', { name: /^Run/ }).click();
    await expect.poll(() => vmo('jobs', '--json')).toContain('"number":3');
    await page.getByRole('tab', { name: 'History' }).click();
    await page.getByRole('region', { name: 'Jobs' }).getByRole('button', { name: 'Secretive' }).first().click();
    await page.getByRole('button', { name: 'Run again' }).click();
    const again = page.getByRole('dialog', { name: /^Run job .* again$/ });
    await expect(again.getByLabel('token', { exact: true })).toHaveAttribute('placeholder', 'kept in the keychain');
    await again.getByRole('button', { name: 'Run' }).click();
    await expect(again).toBeHidden();
    await expect(log(page)).toContainText(stars);
    expect(vmo('run', '--on', 'web-1', '--template', 'Secretive')).toContain('got ');

    // Whoever changes what the command does gets nothing without a question, until the person has seen it.
    await page.getByRole('tab', { name: 'Run', exact: true }).click();
    await page.getByRole('option', { name: /Secretive/ }).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Edit' }).click();
    const edit = page.getByRole('dialog', { name: 'Edit “Secretive”' });
    await edit.getByRole('textbox', { name: 'Script', exact: true }).fill('echo now {{token}}');
    await page.keyboard.press('Control+Enter');
    await expect(edit).toBeHidden();
    await expect(page.getByText('The command has changed since token was kept')).toBeVisible();
    await expect(field).toHaveAttribute('placeholder', 'asked at every run');
    await expect(page.getByText('token needs a value')).toBeVisible();
    expect(() => vmo('run', '--on', 'web-1', '--template', 'Secretive')).toThrow(/has changed since token was kept/);
    await field.fill(token);
    await tick.check();
    await page.getByRole('button', { name: /^Run/ }).click();
    await expect(log(page)).toContainText(`now ${'*'.repeat(token.length)}`);
    await expect(field).toHaveAttribute('placeholder', 'kept in the keychain');
    expect(await kept()).toHaveLength(1);

    await page.getByRole('button', { name: 'Forget token' }).click();
    await expect(page.getByText('The keychain has forgotten token')).toBeVisible();
    await expect(page.getByText('token needs a value')).toBeVisible();
    expect(await kept()).toEqual([]);
    expect(await page.content()).not.toContain(token);
    expect(app.output()).not.toContain(token);
  } finally {
    await app.stop();
    await stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
