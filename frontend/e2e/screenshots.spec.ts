import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { test, expect } from './app';
import { open, run, takeIn, vm } from './steps';

// The pictures of docs/, made by `make screenshots`.
const folder = process.env.VMO_PICTURES ?? resolve(import.meta.dirname, '../../docs/screenshots');

for (const theme of ['light', 'dark'] as const) {
  for (const size of [{ width: 1280, height: 800 }, { width: 900, height: 600 }]) {
    test(`pictures: ${theme}, ${size.width}x${size.height}`, async ({ page, app }) => {
      mkdirSync(folder, { recursive: true });
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      await page.setViewportSize(size);
      const picture = async (name: string) => {
        await page.mouse.move(0, 0);
        await page.waitForTimeout(400);
        await page.screenshot({ path: `${folder}/${name}-${theme}-${size.width}.png` });
      };
      await open(page, app);
      await picture('first-start');
      await page.getByRole('button', { name: /^Review \d+ hosts?/ }).click();
      await picture('review');
      await page.keyboard.press('Escape');
      await takeIn(page, app);
      await picture('empty');
      await vm(page, 'web-1').click();
      await vm(page, 'bastion').click({ modifiers: ['Control'] });
      await vm(page, 'dead').click({ modifiers: ['Control'] });
      await page.getByRole('textbox', { name: 'Command', exact: true }).fill('for i in $(seq 1 40); do printf "line %s of the \\033[32mgreen\\033[0m service\\n" $i; sleep 0.1; done');
      await page.keyboard.press('Control+Enter');
      await expect(page.getByText(/line \d+ of the/).first()).toBeVisible();
      await picture('running');
      await run(page, 'web-1', 'ls -la /usr; echo "warning: not everything is readable" >&2; exit 3');
      await expect(page.getByRole('log').filter({ hasText: 'not everything' })).toBeVisible();
      await picture('job');
      await run(page, 'dead', 'true');
      await expect(page.getByRole('alert').first()).toBeVisible();
      await picture('error');
      await run(page, 'stranger', 'true');
      await expect(page.getByRole('dialog')).toBeVisible();
      await picture('key-unknown');
      await page.keyboard.press('Escape');
      await run(page, 'changed', 'true');
      await expect(page.getByRole('dialog')).toBeVisible();
      await picture('key-changed');
      await page.keyboard.press('Escape');
      await page.getByRole('tab', { name: 'History' }).click();
      await page.getByRole('button', { name: /^ls -la/ }).first().click();
      await picture('history');
      await page.getByRole('button', { name: 'Open log' }).click();
      await expect(page.getByRole('dialog').getByRole('log')).toContainText('not everything');
      await picture('log');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Add command' }).click();
      await page.getByRole('dialog').getByLabel(/^Name/).first().fill('Restart a service');
      await page.getByRole('dialog').getByLabel(/^Script/).fill('sudo systemctl restart {{service}}\nsystemctl is-active {{service}}');
      await picture('command-form');
    });
  }
}

// What a command may print, as the viewer shows it: each case of ssh.md's section 5, "Output".
const odd = [
  'printf "colours: \\033[31mred \\033[1;32mbold green \\033[0;7minverse\\033[0m \\033[38;5;208m256\\033[0m \\033[48;2;40;80;160mtrue colour\\033[0m\\n"',
  'printf "a title \\033]0;evil\\007, a clipboard \\033]52;c;ZXZpbA==\\007, a link \\033]8;;https://evil.example\\007https://good.example\\033]8;;\\007\\n"',
  'printf "cursor \\033[2J\\033[1;1Hmoved\\n"',
  'printf "NUL \\000, bell \\007, DEL \\177, turned \\342\\200\\256txt.exe\\n"',
  'printf "bad UTF-8 \\377\\376, cut \\342\\202, good \\342\\202\\254 \\360\\237\\231\\202 \\346\\274\\242\\n"',
  'i=0; while [ $i -lt 20000 ]; do printf "\\r%d %% of an endless progress" $((i / 200)); i=$((i + 1)); done; echo',
  'head -c 100000000 /dev/zero | tr "\\0" x; echo',
  'printf "\\033[33ma colour that is never set back\\n"; echo "goes on"; printf "\\033[0m"',
  'echo "and this came from stderr" >&2',
  'sleep 0.3; printf "no newline at the end"',
].join('; ');

for (const theme of ['light', 'dark'] as const) {
  test(`pictures of output: ${theme}`, async ({ page, app }) => {
    test.setTimeout(240_000);
    mkdirSync(folder, { recursive: true });
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    const log = page.getByRole('log').first();
    const picture = async (name: string) => {
      await page.mouse.move(0, 0);
      await page.waitForTimeout(400);
      await page.screenshot({ path: `${folder}/output-${name}-${theme}.png` });
    };
    await takeIn(page, app);
    await run(page, 'web-1', odd);
    await expect(log).toContainText('no newline at the end', { timeout: 60_000 });
    await expect(page.getByText('11 lines', { exact: true })).toBeVisible({ timeout: 60_000 });
    await picture('odd');
    await run(page, 'web-1', 'true');
    await expect(log).toContainText(/connected.*exit status 0/);
    await picture('none');
    await run(page, 'web-1', 'printf "its last byte"; kill -9 $$');
    await expect(log).toContainText('its last byte');
    await expect(page.getByText(/SIGKILL|exit 137/).first()).toBeVisible();
    await picture('killed');
    await run(page, 'web-1', 'head -c 5000000 /dev/zero | tr "\\0" e | fold -w 100 >&2; echo then stdout');
    await expect(page.getByText('50,001 lines', { exact: true })).toBeVisible({ timeout: 60_000 });
    await picture('stderr-first');
    await run(page, 'web-1', 'seq -f "%.0f GET /api/items 200 12 ms" 1 1000000');
    await expect(page.getByText('1,000,000 lines', { exact: true })).toBeVisible({ timeout: 120_000 });
    await picture('million');
    await page.keyboard.press('Control+f');
    await page.keyboard.type('77777');
    await expect(page.getByRole('search').getByRole('status')).toHaveText(/ of 19$/, { timeout: 60_000 });
    await expect(page.getByRole('progressbar', { name: 'Searched' })).toBeHidden({ timeout: 60_000 });
    await picture('find');
    await page.keyboard.press('Alt+l');
    await expect(log.locator('.wait')).toHaveCount(0);
    await page.setViewportSize({ width: 900, height: 600 });
    await picture('filter-900');
  });
}
