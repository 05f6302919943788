import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, startApp, test, vmoOn } from './app';
import { takeIn, vm } from './steps';

test.use({ taken: true });

test('a command for the terminal opens there, its words whole, and makes no job', async ({ page, lab }) => {
  const dir = mkdtempSync(join(tmpdir(), 'vmo-terminal-'));
  const mine = join(dir, 'mine');
  const said = join(dir, 'said');
  writeFileSync(mine, `#!/bin/sh\nprintf '%s|' "$@" >'${said}.new'; mv '${said}.new' '${said}'\n`);
  chmodSync(mine, 0o755);
  process.env.TERMINAL = mine;
  const data = mkdtempSync(join(dir, 'data-'));
  const app = await startApp(data, lab.config);
  await takeIn(page, app);
  await page.getByRole('button', { name: 'Add command' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel(/^Name/).first().fill('Watch');
  await form.getByRole('radio', { name: 'in a terminal' }).or(form.getByText('in a terminal', { exact: true })).first().click();
  await form.getByLabel(/^Script/).fill('less {{file}}');
  await page.keyboard.press('Control+Enter');
  await expect(form).toBeHidden();
  await vm(page, 'web-1').click();
  await page.getByRole('option', { name: /Watch/ }).click();
  await page.getByRole('textbox', { name: /file/ }).fill("a 'b' $(id)");
  await page.keyboard.press('Control+Enter');
  await expect.poll(() => existsSync(said)).toBe(true);
  expect(readFileSync(said, 'utf8')).toContain(`|hold|ssh|-F|${lab.config}|-t|--|web-1|less 'a '\\''b'\\'' $(id)'|`);
  expect(vmoOn(data, lab.config, 'jobs', '--json').trim()).toBe('');
  await app.stop();
  delete process.env.TERMINAL;
  rmSync(dir, { recursive: true, force: true });
});

test('a VM opens in the terminal of the person; one that is missing is told', async ({ page, lab }) => {
  const dir = mkdtempSync(join(tmpdir(), 'vmo-terminal-'));
  const mine = join(dir, 'mine');
  const said = join(dir, 'said');
  writeFileSync(mine, `#!/bin/sh\nprintf '%s|' "$@" >'${said}.new'; mv '${said}.new' '${said}'\n`);
  chmodSync(mine, 0o755);
  for (const [terminal, then] of [
    [mine, async () => {
      await expect.poll(() => existsSync(said)).toBe(true);
      expect(readFileSync(said, 'utf8')).toMatch(new RegExp(`^-e\\|/bin/sh\\|-c\\|.*\\|sh\\|ssh\\|-F\\|${lab.config}\\|web-1\\|$`, 's'));
    }],
    [join(dir, 'nothing'), async () => {
      await expect(page.getByText(/which TERMINAL names, isn't there/)).toBeVisible();
      await expect(page.getByText(/Install one, or set the environment variable TERMINAL/)).toBeVisible();
    }],
  ] as const) {
    process.env.TERMINAL = terminal;
    const app = await startApp(mkdtempSync(join(dir, 'data-')), lab.config);
    await takeIn(page, app);
    await vm(page, 'web-1').click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Open a terminal' }).click();
    await then();
    await app.stop();
  }
  delete process.env.TERMINAL;
  rmSync(dir, { recursive: true, force: true });
});
