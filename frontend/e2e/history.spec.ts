import type { Page } from '@playwright/test';
import { test, expect, type App } from './app';
import { sound } from './axe';
import { log, run, takeIn, vm } from './steps';

test.use({ taken: true });

const jobs = (page: Page) => page.getByRole('region', { name: 'Jobs' });
const rows = (page: Page) => jobs(page).locator('[data-main]:visible');
const row = (page: Page, name: string) => rows(page).filter({ hasText: name });

/** In both themes, and no wider than the window. */
async function soundInBoth(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await sound(page);
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  await sound(page, 'colours');
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
}

/** A run by vmo that may fail. */
function ran(app: App, script: string, on = 'web-1'): void {
  try {
    app.vmo('run', '--on', on, '--', script);
  } catch (e) {
    if ((e as { status?: number }).status !== 1) throw e;
  }
}

test('History: filters, day heads, counts, star, delete with undo, several at once, live from vmo', async ({ page, app }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await takeIn(page, app);
  ran(app, 'echo one');
  ran(app, 'echo two; exit 3');
  ran(app, 'echo three');
  await page.keyboard.press('Control+h');
  await expect(page.getByRole('textbox', { name: 'Filter the history' })).toBeFocused();
  await expect(rows(page)).toHaveText(['echo three', 'echo two; exit 3', 'echo one']);
  await page.keyboard.press('ArrowDown');
  await expect(row(page, 'echo three')).toBeFocused();
  await page.keyboard.press('/');
  await expect(page.getByRole('textbox', { name: 'Filter the history' })).toBeFocused();
  await expect(jobs(page).getByRole('heading')).toContainText(/^Today, .*3 jobs · 2 of 3 succeeded/);
  await expect(page.getByText('3 jobs', { exact: true })).toBeVisible();
  await expect(page.getByText('66 % succeeded')).toBeVisible();
  await soundInBoth(page);

  // Each filter alone.
  await page.keyboard.type('THREE');
  await expect(rows(page)).toHaveText(['echo three']);
  await page.keyboard.press('Escape');
  await expect(rows(page)).toHaveCount(3);
  await page.getByRole('search').getByLabel('Status').click();
  await page.getByRole('option', { name: 'failed' }).click();
  await expect(rows(page)).toHaveText(['echo two; exit 3']);
  await page.getByRole('search').getByLabel('Started from').click();
  await page.getByRole('option', { name: 'Window', exact: true }).click();
  await expect(page.getByText('No job fits the filters.')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).first().click();
  await expect(rows(page)).toHaveCount(3);
  await page.getByRole('search').getByLabel('Days').click();
  await page.getByRole('option', { name: 'Yesterday' }).click();
  await expect(page.getByText('No job fits the filters.')).toBeVisible();
  await page.getByRole('button', { name: 'All', exact: true }).click();
  await expect(rows(page)).toHaveCount(3);
  await page.getByRole('combobox', { name: 'VM', exact: true }).fill('db-1');
  await page.getByRole('search').getByRole('option', { name: 'db-1-prod' }).click();
  await expect(page.getByText('No job fits the filters.')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).first().click();
  await vm(page, 'web-1').click();
  await page.getByRole('button', { name: 'This VM' }).click();
  await expect(rows(page)).toHaveCount(3);
  await page.getByRole('button', { name: 'Recent', exact: true }).click();
  await expect(rows(page)).toHaveCount(3);

  // Keys: move, star, only starred ones, mark two, delete, undo.
  await row(page, 'echo three').click();
  await page.keyboard.press('s');
  await expect(jobs(page).getByRole('button', { name: 'Remove the star' })).toHaveCount(1);
  await page.getByRole('button', { name: 'Starred' }).click();
  await expect(rows(page)).toHaveText(['echo three']);
  await page.getByRole('button', { name: 'Clear filters' }).first().click();
  await expect(rows(page)).toHaveCount(3);
  await row(page, 'echo three').focus();
  await page.keyboard.press('j');
  await expect(row(page, 'echo two')).toBeFocused();
  await page.keyboard.press('Space');
  await page.keyboard.press('j');
  await page.keyboard.press('Space');
  await expect(page.getByText('2 jobs chosen')).toBeVisible();
  await soundInBoth(page);
  await page.keyboard.press('Delete');
  await expect(rows(page)).toHaveText(['echo three']);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(rows(page)).toHaveCount(3);

  // Another process's job appears while somebody looks.
  ran(app, 'echo from-vmo');
  await expect(row(page, 'echo from-vmo')).toBeVisible();
  await expect(page.getByText('4 jobs', { exact: true })).toBeVisible();
});

test('Job: run again, edit and run, compare with the run before, how long it usually takes', async ({ page, app }) => {
  await takeIn(page, app);
  // The same script says something else each time.
  const file = `/tmp/vmo-count-${Date.now()}`;
  const script = `n=$(cat ${file} 2>/dev/null || echo 0); seq 1 40; echo "run $n"; seq 60 65; echo $((n + 1)) > ${file}; [ $n -lt 1 ] || rm ${file}`;
  await run(page, 'web-1', script);
  await expect(log(page)).toContainText('run 0');
  await expect(page.getByText(/ran once, succeeded/).filter({ visible: true }).first()).toBeVisible();
  await page.keyboard.press('Control+h');
  await rows(page).first().click();
  await jobs(page).getByRole('button', { name: 'Compare' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('did not run on web-1 before');
  await page.keyboard.press('Escape');
  await expect(jobs(page).getByRole('button', { name: 'Compare' })).toBeFocused();
  await jobs(page).getByRole('button', { name: 'Run again' }).click();
  await expect(log(page)).toContainText('run 1');
  await page.keyboard.press('Control+h');
  await expect(rows(page)).toHaveCount(2);
  await rows(page).first().click();
  await expect(jobs(page).getByText(/usually .*100 % of the last 2 succeeded/)).toBeVisible();
  await rows(page).first().focus();
  await page.keyboard.press('d');
  await expect(dialog).toContainText('+1 −1');
  const changes = dialog.getByRole('region', { name: 'Changes' });
  await expect(changes).toContainText('run 0');
  await expect(changes).toContainText('run 1');
  await expect(changes).not.toContainText('20');
  await soundInBoth(page);
  await page.keyboard.press('n');
  await expect(dialog).toContainText('change 1 of 1');
  await changes.getByRole('button', { name: '37 equal lines' }).click();
  await expect(changes).toContainText('20');
  await dialog.getByRole('button', { name: 'Side by side' }).click();
  await expect(dialog.getByRole('button', { name: 'One below the other' })).toBeVisible();
  await expect(changes).toContainText('run 0');
  await soundInBoth(page);
  await page.keyboard.press('Escape');

  // Edit and run: the script is in the command line, its VM chosen.
  await rows(page).first().focus();
  await page.keyboard.press('e');
  await expect(page.getByRole('textbox', { name: 'Command', exact: true })).toHaveValue(/seq 60 65/);
  await expect(page.getByRole('textbox', { name: 'Command', exact: true })).toBeFocused();
  await expect(page.getByRole('list', { name: 'Runs on' })).toContainText('web-1');
});

test('the palette: VMs, commands, jobs, settings and actions, by keyboard alone', async ({ page, app }) => {
  await takeIn(page, app);
  ran(app, 'echo palette-job');
  await page.getByRole('button', { name: 'Search or run…' }).click();
  const box = page.getByRole('combobox', { name: 'Search or run' });
  await expect(box).toBeFocused();
  await expect(page.getByRole('listbox', { name: 'Found' })).toContainText('palette-job');
  await soundInBoth(page);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Search or run…' })).toBeFocused();

  await page.keyboard.press('Control+k');
  await page.keyboard.type('web-1');
  await page.keyboard.press('Enter');
  await expect(vm(page, 'web-1')).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('textbox', { name: 'Command', exact: true })).toBeFocused();

  await page.keyboard.press('Control+k');
  await page.keyboard.type('disk usage');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Disk usage', level: 1 })).toBeVisible();
  await expect(page.locator('[data-execution] :focus')).toHaveCount(1);

  await page.keyboard.press('Control+k');
  await page.keyboard.type('palette-job');
  await expect(page.getByRole('listbox', { name: 'Found' }).getByRole('option')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog').getByRole('log')).toContainText('palette-job');
  await expect(page.getByRole('dialog').getByRole('log')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  await page.keyboard.press('Control+k');
  await page.keyboard.type('theme dark');
  await page.keyboard.press('Enter');
  await expect(page.locator('html')).toHaveClass(/dark/);

  await page.keyboard.press('Control+k');
  await page.keyboard.type('zzzzzz');
  await expect(page.getByText('Nothing is called that.')).toBeVisible();
  await page.keyboard.press('Escape');

  // All keys are in the list, which is made from what listens.
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keyboard' })).toContainText('Compare with the run before');
  await soundInBoth(page);
});
