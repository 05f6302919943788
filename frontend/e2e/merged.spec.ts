import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, sshConfig, startApp, test as base, vmoOn } from './app';
import { log, takeIn, vm } from './steps';

const names = ['node-1', 'node-2', 'node-with-a-name-that-is-longer-than-the-others-are-3'];

/** An app with three VMs, which are one server under three names. */
const test = base.extend<{ three: { url: string; vmo: (...args: string[]) => string } }>({
  three: async ({ lab }, use) => {
    const one = /^Host bastion\n[^]*?\n\n/m.exec(readFileSync(lab.config, 'utf8'))?.[0] ?? '';
    const config = sshConfig(names.map((name) => one.replace('bastion', name)).join(''));
    const dir = mkdtempSync(join(tmpdir(), 'vmo-merged-'));
    const app = await startApp(dir, config);
    await use({ url: app.url, vmo: (...args) => vmoOn(dir, config, ...args) });
    await app.stop();
    rmSync(dir, { recursive: true, force: true });
  },
});

/** A command that says some lines, and the others when it is let to. */
function inTwoParts() {
  const dir = mkdtempSync(join(tmpdir(), 'vmo-gate-'));
  chmodSync(dir, 0o755); // the server may be another account's
  const gate = join(dir, 'open');
  return { script: `seq -f "line %g" 1 100; until [ -e ${gate} ]; do sleep 0.1; done; for i in $(seq 101 300); do echo "line $i"; sleep 0.005; done`, letOn: () => writeFileSync(gate, '') };
}

interface Row { n: number; vm: string; text: string }
/** The lines on the screen, none of which may still wait for its text. */
async function rows(page: Page): Promise<Row[]> {
  await expect(log(page).locator('.wait')).toHaveCount(0);
  return log(page).locator('[data-line]').evaluateAll((all) => all.filter((r) => (r as HTMLElement).dataset.line).map((r) => ({
    n: Number((r as HTMLElement).dataset.line), vm: r.querySelector('.vm')?.textContent ?? '', text: r.querySelector('.text')?.textContent ?? '',
  })));
}
const clipboard = (page: Page) => page.evaluate(() => (window as unknown as { runtime: { ClipboardGetText(): Promise<string> } }).runtime.ClipboardGetText());
const tab = (page: Page) => page.getByRole('tablist', { name: 'VMs of this job' }).getByRole('tab', { selected: true });
const merged = (page: Page) => page.getByRole('radio', { name: 'Merged', exact: true });

async function runOnAll(page: Page, app: { url: string }, command: string) {
  await takeIn(page, app, 'node-1');
  await vm(page, names[0] ?? '').click();
  for (const name of names.slice(1)) await vm(page, name).click({ modifiers: ['Control'] });
  await page.getByRole('textbox', { name: 'Command', exact: true }).fill(command);
  await page.keyboard.press('Control+Enter');
}

test('the lines of all VMs together, live: in the order in which they came, each once, with its VM', async ({ page, three }) => {
  const { script, letOn } = inTwoParts();
  await runOnAll(page, three, `${script}; printf "no newline"; sleep 300`);
  await merged(page).click();
  await expect(page.getByRole('log', { name: 'Output of all VMs', exact: true })).toContainText('line 100');
  await expect(page.getByText('300 lines', { exact: true })).toBeVisible();
  await log(page).hover();
  await page.mouse.wheel(0, -300);
  await expect(page.getByRole('button', { name: 'Follow', exact: true })).toBeVisible();
  const before = await rows(page);
  letOn();
  const news = page.getByRole('button', { name: '600 new lines', exact: true });
  await expect(news).toBeVisible();
  expect(await rows(page)).toEqual(before); // what came stands behind what was there
  await news.click();
  await expect(page.getByText('900 lines', { exact: true })).toBeVisible();
  await expect(log(page).getByText('no newline')).toHaveCount(3); // open lines, each of its VM
  await page.keyboard.press('Control+.');
  await expect(page.getByText('903 lines', { exact: true })).toBeVisible();

  // From the first line to the last: each once, those of a VM in its order.
  await log(page).focus();
  await page.keyboard.press('Home');
  const all = new Map<number, Row>();
  for (let last = 0; last < 903; ) {
    for (const r of await rows(page)) {
      expect(all.get(r.n) ?? r).toEqual(r);
      all.set(r.n, r);
      last = Math.max(last, r.n);
    }
    await page.keyboard.press('PageDown');
  }
  expect([...all.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 903 }, (_, i) => i + 1));
  for (const name of names) {
    expect([...all.values()].filter((r) => r.vm === name).sort((a, b) => a.n - b.n).map((r) => r.text)).toEqual([...Array.from({ length: 300 }, (_, i) => `line ${i + 1}`), 'no newline']);
  }
});

test('find over all VMs, by keys: counted, walked through, alone on the screen, copied with names; a name leads to the VM', async ({ page, three }) => {
  await runOnAll(page, three, 'seq -f "line %g" 1 4000; echo "line 77 again" >&2');
  await expect(tab(page)).toHaveText('All VMs');
  await page.keyboard.press('Control+f');
  await expect(merged(page)).toBeChecked();
  await expect(page.getByRole('textbox', { name: 'Find' })).toBeFocused();
  await expect(page.getByText('12,003 lines', { exact: true })).toBeVisible();
  await page.keyboard.type('line 77 ');
  const told = page.getByRole('search').getByRole('status');
  await expect(told).toHaveText(/^\d of 3$/);
  await page.keyboard.press('Alt+r');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('^line 77\\b');
  await expect(told).toHaveText(/^\d of 6$/);
  const at = Number(/^\d/.exec((await told.textContent()) ?? '')?.[0]);
  await page.keyboard.press('Enter');
  await expect(told).toHaveText(`${at % 6 + 1} of 6`);
  await page.keyboard.press('Shift+Enter');
  await expect(told).toHaveText(`${at} of 6`);
  await expect(log(page).locator('mark.current')).toHaveText('line 77');
  await page.keyboard.press('Alt+l');
  await expect.poll(async () => (await rows(page)).map((r) => r.text).sort()).toEqual([...Array(3).fill('line 77'), ...Array(3).fill('line 77 again')]);
  expect((await rows(page)).filter((r) => r.text === 'line 77').map((r) => r.vm).sort()).toEqual(names);

  await log(page).focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+c');
  await expect(page.getByText('6 lines copied')).toBeVisible();
  expect((await clipboard(page)).split('\n').sort()).toEqual(names.flatMap((name) => [`${name} | line 77`, `${name} | line 77 again`]).sort());

  const row = log(page).locator('[data-line]').filter({ hasText: 'node-2' }).filter({ hasText: /line 77$/ });
  await row.locator('.vm').click();
  await expect(tab(page)).toContainText('node-2');
  await expect(log(page).locator('.marked .text')).toHaveText('line 77');
});

test('the lines of all VMs of a job of the past, by keys alone, and its run by another process', async ({ page, three }) => {
  await takeIn(page, three, 'node-1');
  three.vmo('run', '--all', '--', 'echo from vmo; echo and more');
  await page.getByRole('tab', { name: 'History', exact: true }).click();
  await page.getByRole('button', { name: /^echo from vmo/ }).click();
  await page.getByRole('button', { name: 'Open log' }).click();
  const dialog = page.getByRole('dialog');
  const views = dialog.getByRole('radiogroup', { name: 'How the output of all VMs is shown' });
  await views.getByRole('radio', { name: 'By VM', exact: true }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(views.getByRole('radio', { name: 'Merged', exact: true })).toBeFocused();
  await expect(dialog.getByText('6 lines', { exact: true })).toBeVisible();
  const shown = await dialog.getByRole('log').locator('[data-line]').evaluateAll((all) => all.map((r) => r.querySelector('.vm')?.textContent));
  expect(shown.sort()).toEqual(names.flatMap((name) => [name, name]));
  await page.keyboard.press('ArrowLeft');
  await expect(views.getByRole('radio', { name: 'By VM', exact: true })).toBeFocused();
});

test('fold same: VMs that said the same and ended alike stand together once; one that goes on joins when it has ended', async ({ page, three }) => {
  const dir = mkdtempSync(join(tmpdir(), 'vmo-odd-'));
  chmodSync(dir, 0o777); // the server may be another account's
  // Whoever makes the folder is the odd one.
  await runOnAll(page, three, `if mkdir ${dir}/first 2>/dev/null; then until [ -e ${dir}/open ]; do sleep 0.1; done; echo odd; exit 3; fi; seq -f "line %g" 1 40`);
  await page.getByRole('radio', { name: 'Fold same', exact: true }).click();
  const groups = page.getByRole('region', { name: 'What the VMs said, the same once' });
  const same = groups.getByRole('region', { name: /^Output of 2 VMs: / });
  await expect(same).toContainText('line 40');
  await expect(same).toContainText('same output');
  await expect(groups.getByText('1 VM not ended yet.')).toBeVisible();
  writeFileSync(join(dir, 'open'), '');
  const odd = groups.getByRole('region', { name: /^Output of node-[^:]*$/ });
  await expect(odd.getByText('odd', { exact: true })).toBeVisible();
  await expect(odd).toContainText('exit 3');
  await expect(groups.getByText('not ended yet')).toHaveCount(0);
  await same.getByRole('button', { name: '2 VMs', exact: true }).click();
  const those = same.getByRole('list', { name: 'VMs with this output' }).getByRole('button');
  await expect(those).toHaveCount(2);
  const name = (await those.last().textContent()) ?? '';
  expect(names).toContain(name.trim());
  await those.last().click();
  await expect(tab(page)).toContainText(name.trim());
  await expect(log(page)).toContainText('line 40');
  rmSync(dir, { recursive: true, force: true });
});
