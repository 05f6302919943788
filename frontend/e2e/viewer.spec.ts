import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { startApp, test, expect, type App } from './app';
import { log, run, takeIn } from './steps';

test.use({ taken: true });

/** What is in the clipboard of the computer, as the window would paste it. */
const clipboard = (page: Page) => page.evaluate(() => (window as unknown as { runtime: { ClipboardGetText(): Promise<string> } }).runtime.ClipboardGetText());
const lines = (page: Page) => log(page).locator('[data-line]').evaluateAll((rows) => rows.map((r) => Number((r as HTMLElement).dataset.line)));
const ready = async (page: Page) => { await expect(log(page).locator('.wait')).toHaveCount(0); };
const keys = async (page: Page, ...list: string[]) => { for (const k of list) await page.keyboard.press(k); };

async function finished(page: Page, app: App, command: string, count: string, on = 'web-1') {
  await takeIn(page, app);
  await run(page, on, command);
  await expect(page.getByText(`${count} lines`, { exact: true })).toBeVisible();
}

test('by keyboard alone: find in the whole log, filter, go to a line, mark and copy, time stamps', async ({ page, app }) => {
  await finished(page, app, 'awk \'BEGIN { for (i = 1; i <= 120000; i++) print "line " i (i % 1000 == 0 ? " Needle " i / 1000 : "") }\'', '120,000');

  // Find: from the command line, over lines that were never on the screen, in both directions, round the ends.
  await page.keyboard.press('Control+f');
  const box = page.getByRole('textbox', { name: 'Find' });
  await expect(box).toBeFocused();
  await page.keyboard.type('needle');
  const told = page.getByRole('search').getByRole('status');
  await expect(told).toHaveText('120 of 120'); // the tail is on the screen, and its match is the last
  await keys(page, 'Enter');
  await expect(told).toHaveText('1 of 120');
  await ready(page);
  expect(await lines(page)).toContain(1000);
  await expect(log(page).locator('mark.current')).toHaveText('Needle');
  await keys(page, 'F3', 'F3', 'Shift+F3');
  await expect(told).toHaveText('2 of 120');
  await keys(page, 'Shift+Enter', 'Shift+Enter');
  await expect(told).toHaveText('120 of 120');

  // Case, expression, a pattern that means nothing.
  await keys(page, 'Alt+c');
  await expect(told).toHaveText('Nothing found');
  await keys(page, 'Alt+c', 'Alt+r', 'Control+a');
  await page.keyboard.type('needle (7|110)$');
  await expect(told).toHaveText(/of 2$/);
  await page.keyboard.type('(');
  await expect(box).toHaveAttribute('aria-invalid', 'true');
  await expect(told).toContainText(/missing|expression|pattern/i);
  await keys(page, 'Backspace');

  // Only the matches, each with its number.
  await keys(page, 'Alt+l');
  await expect.poll(() => lines(page)).toEqual([7000, 110_000]);
  await expect(log(page)).toContainText('line 7000 Needle 7');
  await keys(page, 'Alt+l');
  await keys(page, 'Escape');
  await expect(page.getByRole('search')).toBeHidden();
  await expect(page.getByRole('textbox', { name: 'Command', exact: true })).toBeFocused();

  // Go to a line: one that isn't there is told.
  await keys(page, 'Control+g');
  await page.keyboard.type('120001');
  await keys(page, 'Enter');
  await expect(page.getByText('This log has lines 1 to 120,000.')).toBeVisible();
  await keys(page, 'Control+a');
  await page.keyboard.type('60,000');
  await keys(page, 'Enter');
  await expect(log(page)).toBeFocused();
  await expect(log(page).locator('.marked')).toHaveAttribute('data-line', '60000');
  await ready(page);

  // Mark with Shift and arrows, copy.
  await keys(page, 'Shift+ArrowDown', 'Shift+ArrowDown');
  await expect(page.getByText('3 lines marked', { exact: true })).toBeVisible();
  await keys(page, 'Control+c');
  await expect(page.getByText('3 lines copied')).toBeVisible();
  expect(await clipboard(page)).toBe('line 60000 Needle 60\nline 60001\nline 60002');
  await keys(page, 'Escape');
  await expect(log(page).locator('.marked')).toHaveCount(0);

  // More than the clipboard takes is said.
  await keys(page, 'Control+a', 'Control+c');
  await expect(page.getByText('The first 10,000 lines copied')).toBeVisible();
  expect((await clipboard(page)).split('\n')).toHaveLength(10_000);
  await keys(page, 'Escape');

  // Time stamps and line numbers.
  const first = log(page).locator('[data-line]').first();
  await expect(first).toContainText(/\d\d:\d\d:\d\d\.\d{3}/);
  await page.getByRole('button', { name: 'Time stamps' }).focus();
  await keys(page, 'Enter');
  await page.getByRole('menuitem', { name: 'Since start' }).focus();
  await keys(page, 'Enter');
  await expect(first).toContainText(/\+\d+\.\d{3}/);
  await page.getByRole('button', { name: 'More about this output' }).focus();
  await keys(page, 'Enter');
  await page.getByRole('menuitem', { name: 'Hide line numbers' }).focus();
  await keys(page, 'Enter');
  await expect(first.locator('.no')).toHaveCount(0);
});

test('by keyboard alone: follow goes off and on, find goes on with what comes', async ({ page, app }) => {
  await takeIn(page, app);
  await run(page, 'web-1', 'for i in $(seq 1 400); do echo "line $i"; sleep 0.02; done; sleep 60');
  await expect(log(page)).toContainText(/line [6-9]\d/);
  await log(page).focus();
  await keys(page, 'PageUp');
  await expect(page.getByRole('button', { name: /^\d+ new lines?$/ })).toBeVisible();
  await keys(page, 'Control+f');
  await page.keyboard.type('line');
  const told = page.getByRole('search').getByRole('status');
  await expect(told).toHaveText(/ of \d+$/);
  await expect(told).toHaveText(/ of 400$/);
  await keys(page, 'Escape');
  await expect(log(page)).toBeFocused();
  await keys(page, 'End');
  await expect(page.getByRole('button', { name: /new lines?$|^Follow$/ })).toBeHidden();
  await expect(log(page)).toContainText('line 400');
  await keys(page, 'Control+.');
  await expect(page.getByText('Stopped: nothing of it is left on web-1.')).toBeVisible();
});

test('by keyboard alone: wrap, copy all, export, and the list of keys', async ({ page, lab }) => {
  const dir = mkdtempSync(join(tmpdir(), 'vmo-files-'));
  const data = mkdtempSync(join(tmpdir(), 'vmo-viewer-'));
  process.env.VMO_DIALOG_DIR = dir; // see build/_windowless
  const app = await startApp(data, lab.config);
  await takeIn(page, app);
  await run(page, 'web-1', 'printf "\\033[32mshort\\033[0m\\n"; head -c 3000 /dev/zero | tr "\\0" w; echo; printf "\\377 and no end"');
  await expect(page.getByText('3 lines', { exact: true })).toBeVisible();

  // From the command line, where the focus is.
  const height = () => log(page).locator('[data-line="2"]').evaluate((row) => row.getBoundingClientRect().height);
  expect(await height()).toBe(20);
  await keys(page, 'Alt+z');
  await expect.poll(height).toBeGreaterThan(100);
  await expect(page.getByRole('button', { name: 'Wrap' })).toHaveAttribute('aria-pressed', 'true');
  await keys(page, 'Alt+z');
  await expect.poll(height).toBe(20);

  // All of it, by the menu.
  await page.getByRole('button', { name: 'More about this output' }).focus();
  await keys(page, 'Enter');
  await page.getByRole('menuitem', { name: 'Copy all', exact: true }).focus();
  await keys(page, 'Enter');
  await expect(page.getByText('3 lines copied')).toBeVisible();
  expect(await clipboard(page)).toBe(`short\n${'w'.repeat(3000)}\n\ufffd and no end`);

  // To a file, byte for byte.
  await keys(page, 'Control+s');
  const dialog = page.getByRole('dialog', { name: 'Export job 1' });
  await dialog.getByRole('radio', { name: /^Text/ }).focus();
  await keys(page, 'ArrowDown');
  await expect(dialog.getByRole('radio', { name: /^Exact bytes/ })).toBeChecked();
  await keys(page, 'Enter');
  const file = join(dir, 'job-1-web-1.log');
  await expect(dialog.getByText(`Exported to ${file}`, { exact: true })).toBeVisible();
  expect(readFileSync(file)).toEqual(Buffer.concat([Buffer.from(`\x1b[32mshort\x1b[0m\n${'w'.repeat(3000)}\n`), Buffer.from([0xff]), Buffer.from(' and no end')]));
  await keys(page, 'Escape');
  await expect(dialog).toBeHidden();

  // All of these are found.
  await log(page).focus();
  await keys(page, '?');
  const list = page.getByRole('region', { name: 'All keys' });
  for (const [key, what] of [['Alt Z', 'Wrap long lines, or not'], ['Ctrl S', 'Export the output to a file'], ['Ctrl A', 'Mark all lines'], ['Ctrl C', 'Copy the marked lines'], ['End', /^Follow the newest line/], ['Alt L', /only the lines that match/], ['Ctrl G', 'Go to a line'], ['Ctrl Shift F', 'Search every line ever']] as const) {
    await expect(list.getByRole('definition').filter({ hasText: what })).toBeVisible();
    await expect(list.getByText(key, { exact: true }).first()).toBeVisible();
  }
  await app.stop();
  for (const d of [dir, data]) rmSync(d, { recursive: true, force: true });
});

test('a screen reader has the lines as text, and which came from stderr', async ({ page, app }) => {
  await finished(page, app, 'printf "\\033[32mfirst\\033[0m line\\n\\033]0;title\\007second\\n"; sleep 0.2; echo wrong >&2', '3');
  await page.getByRole('button', { name: 'Time stamps' }).click();
  await page.getByRole('menuitem', { name: 'No time' }).click();
  await expect(log(page)).toMatchAriaSnapshot('- log "Output of web-1": /1 first line 2 second 3 err wrong/');
});

test('hostile output changes nothing outside its line', async ({ page, app }) => {
  const title = await page.title();
  await page.goto(app.url);
  const before = await page.title();
  const hostile = [
    'echo above',
    'printf "\\033]52;c;ZXZpbA==\\007\\033]0;evil\\007\\033]2;evil\\033\\\\clip\\n"',
    'printf "\\033]8;;https://evil.example/x\\033\\\\https://good.example\\033]8;;\\033\\\\ link\\n"',
    'printf "a\\342\\200\\256txt.exe\\342\\201\\246 bidi \\327\\251\\327\\234\\n"',
    'printf "nul \\000 here\\n"',
    'printf "\\033[2J\\033[1;1H\\033[?1049h\\033[41mcursor\\n"',
    'printf "\\033[0mstack"; i=0; while [ $i -lt 300 ]; do printf "\\314\\201\\314\\243"; i=$((i+1)); done; echo',
    'head -c 300000 /dev/zero | tr "\\0" x; echo',
    'printf "<img src=x onerror=alert(1)><style>*{display:none}</style>\\n"',
    'echo below',
  ].join('; ');
  await finished(page, app, hostile, '10');
  await ready(page);
  expect(await page.title()).toBe(before);
  expect(title).not.toContain('evil');
  expect(await clipboard(page).catch(() => '')).not.toContain('evil');
  const text = (n: number) => log(page).locator(`[data-line="${n}"] .text`);
  await expect(text(1)).toHaveText('above');
  await expect(text(2)).toHaveText('clip');
  await expect(text(3)).toHaveText('https://good.example (https://evil.example/x) link');
  expect(await log(page).locator('a').count()).toBe(0);
  await expect(text(4)).toHaveText('a⟨U+202E⟩txt.exe⟨U+2066⟩ bidi של');
  await expect(text(5)).toHaveText('nul ␀ here');
  await expect(text(6)).toHaveText('cursor');
  await expect(text(9)).toHaveText('<img src=x onerror=alert(1)><style>*{display:none}</style>');
  await expect(text(10)).toHaveText('below');
  // Every row has its own twenty pixels, whatever stands in it, and paints nowhere else: letters of ASCII can't.
  const rows = await log(page).locator('.line').evaluateAll((all) => all.map((r) => ({ top: r.getBoundingClientRect().top, height: r.getBoundingClientRect().height, clipped: getComputedStyle(r).overflowY === 'clip', tall: /[^\x00-\x7f]/.test(r.querySelector('.text')?.textContent ?? '') })));
  expect(rows.filter((r) => r.tall).length).toBeGreaterThanOrEqual(3);
  rows.forEach((r, i) => {
    expect(r).toMatchObject({ height: 20, clipped: r.tall });
    if (i > 0) expect(r.top - (rows[i - 1]?.top ?? 0)).toBe(20);
  });

  // The long line: 4 KB of it, then parts of 64 KiB, folded again.
  const more = log(page).getByRole('button', { name: / more$/ });
  await expect(more).toHaveText(/28\d KB more|289 KiB more|29\d KB more/);
  expect((await text(8).innerText()).length).toBeLessThan(4200);
  await log(page).focus();
  await keys(page, 'Control+g');
  await page.keyboard.type('8');
  await keys(page, 'Enter', 'Enter');
  await expect.poll(async () => (await text(8).innerText()).length).toBeGreaterThan(65_000);
  await keys(page, 'Enter');
  await expect(log(page).getByRole('button', { name: / before$/ })).toBeVisible();
  await log(page).getByRole('button', { name: 'Fold' }).click();
  await expect.poll(async () => (await text(8).innerText()).length).toBeLessThan(4200);
  // Wrapped, it pushes the others down and covers none.
  await page.getByRole('button', { name: 'Wrap' }).click();
  await expect(text(10)).toHaveText('below');
  await page.getByRole('button', { name: 'Wrap' }).click();
});

test('lines moved sideways keep their numbers in sight, the short ones too', async ({ page, app }) => {
  await takeIn(page, app);
  await run(page, 'web-1', 'printf "%02000d\\nshort\\n" 7');
  await expect(log(page)).toContainText('short');
  const short = log(page).locator('[data-line="2"]');
  await log(page).evaluate((screen) => { screen.scrollLeft = 5000; });
  await expect.poll(async () => Math.round((await short.locator('.no').boundingBox())?.x ?? -1)).toBeGreaterThan(280);
  await log(page).evaluate((screen) => { screen.scrollLeft = 0; });
  await expect(short.locator('.text')).toBeInViewport();
});

test('the output is as it was left when one comes back from the history, and the next job begins with its own lines', async ({ page, app }) => {
  await finished(page, app, 'seq 1 500', '500');
  await log(page).focus();
  await keys(page, 'Home', 'PageDown');
  const [first = 0] = await lines(page);
  expect(first).toBeGreaterThan(1);
  await page.getByRole('tab', { name: 'History' }).click();
  await expect(page.getByRole('log')).toHaveCount(0);
  await page.getByRole('tab', { name: 'Run' }).click();
  await expect(log(page)).toBeVisible();
  expect((await lines(page))[0]).toBe(first);

  // Rows that have no line any more wait for one, and are neither seen nor read.
  await run(page, 'db-1-prod', 'echo alone');
  await expect(log(page)).toContainText('alone');
  await expect.poll(() => lines(page)).toEqual([1]);
  await expect(log(page).locator('.line:visible')).toHaveCount(1);
});
