import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, startApp, test } from './app';
import { takeIn, vm } from './steps';

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
