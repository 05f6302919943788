import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { test, expect } from './app';
import { outputCases } from './outputCases';
import { log, open, run, takeIn, vm } from './steps';

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
      await expect(page.getByText(/line \d+ of the/).filter({ visible: true }).first()).toBeVisible();
      await picture('running');
      // The two streams come in no order of their own: a small screen shows the last lines alone.
      await run(page, 'web-1', 'ls -la /usr; sleep 0.3; echo "warning: not everything is readable" >&2; exit 3');
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

// What a command may print, as the viewer shows it; docs/output.md tells of each.
for (const theme of ['light', 'dark'] as const) {
  test(`pictures of output: ${theme}`, async ({ page, app }) => {
    test.setTimeout(600_000);
    mkdirSync(`${folder}/output`, { recursive: true });
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width: 1000, height: 640 });
    const picture = async (name: string) => {
      await expect(log(page).locator('.wait')).toHaveCount(0);
      await page.mouse.move(0, 0);
      await page.waitForTimeout(400);
      await page.getByRole('main').locator('.log:visible').first().screenshot({ path: `${folder}/output/${name}-${theme}.png` });
    };
    await takeIn(page, app);
    for (const c of outputCases) {
      await run(page, 'web-1', c.script);
      await expect(page.getByText(c.lines, { exact: true })).toBeVisible({ timeout: 120_000 });
      await expect(log(page)).toContainText(c.shows);
      await expect(log(page)).toContainText(/exit status|ended by signal/);
      await picture(c.name);
    }
    await run(page, 'web-1', 'seq -f "%.0f GET /api/items 200 12 ms" 1 1000000');
    await expect(page.getByText('1,000,000 lines', { exact: true })).toBeVisible({ timeout: 120_000 });
    await page.keyboard.press('Control+f');
    await page.keyboard.type('77777');
    await expect(page.getByRole('search').getByRole('status')).toHaveText(/ of 19$/, { timeout: 60_000 });
    await expect(page.getByRole('progressbar', { name: 'Searched' })).toBeHidden({ timeout: 60_000 });
    await page.keyboard.press('Alt+l');
    await picture('20-find-among-a-million');
  });
}
