import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { test, expect, type App } from './app';
import { log, run, takeIn, vm } from './steps';

test.use({ taken: true });

const tabs = (page: Page) => page.getByRole('group', { name: 'Jobs', exact: true });
const tab = (page: Page, name: string) => tabs(page).locator('button[aria-pressed]').filter({ hasText: name });
const cells = (page: Page) => page.getByRole('tablist', { name: 'VMs of this job' });

interface Told { number: number; status: string; parallelism: number }
const jobs = (app: App) => app.vmo('jobs', '--json').split('\n').filter(Boolean).map((line) => JSON.parse(line) as Told).sort((a, b) => a.number - b.number);

/** A folder that commands on the lab's servers, which are this computer, can look into. */
function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'vmo-jobs-'));
  chmodSync(dir, 0o755);
  return dir;
}

test('while it runs: how long it usually takes, and for how long it has said nothing', async ({ page, app }) => {
  const dir = folder();
  const nap = join(dir, 'nap');
  const script = `echo begun; sleep $(cat ${nap})`;
  writeFileSync(nap, '0.2');
  await takeIn(page, app);
  await run(page, 'web-1', script);
  await expect(page.getByText('succeeded', { exact: true }).filter({ visible: true }).first()).toBeVisible();

  writeFileSync(nap, '600');
  await run(page, 'web-1', script);
  await expect(log(page)).toContainText('begun');
  const begun = Date.now();
  const hint = page.locator('[data-hint]');
  await expect(hint).toHaveText(/^usually \d+(\.\d)? m?s, silent for \d+ s$/);

  // Its silence goes on while another tab is looked at.
  await tabs(page).locator('button[aria-pressed]').first().click();
  await expect(hint).toHaveCount(0);
  await tabs(page).locator('button[aria-pressed]').last().click();
  await expect(hint).toContainText('silent for');
  const behind = await hint.textContent().then((text) => Date.now() - begun - Number(/silent for (\d+) s/.exec(text ?? '')?.[1]) * 1000);
  expect(behind).toBeLessThan(4000);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(page.getByText('Stopped: nothing of it is left on web-1.')).toBeVisible();
  rmSync(dir, { recursive: true });
});

test('how long a VM has said nothing is its own, also beside one that talks', async ({ page, app }) => {
  const dir = folder();
  chmodSync(dir, 0o777);
  await takeIn(page, app);
  await vm(page, 'web-1').click();
  await vm(page, 'bastion').click({ modifiers: ['Control'] });
  await page.getByRole('textbox', { name: 'Command', exact: true }).fill(`if mkdir ${dir}/talks 2>/dev/null; then while :; do echo talking; sleep 0.3; done; fi; echo begun; sleep 600`);
  await page.keyboard.press('Control+Enter');
  const cells = page.getByRole('tab', { name: /web-1|bastion/ });
  await cells.first().click();
  await expect(log(page)).toContainText(/talking|begun/);
  const begun = Date.now();
  const first = (await log(page).textContent())?.includes('begun') ? 0 : 1;
  const [silent, talks] = [cells.nth(first), cells.nth(1 - first)];
  const hint = page.locator('[data-hint]');
  await silent.click();
  await expect(hint).toContainText('silent for');
  await talks.click();
  await expect(log(page)).toContainText('talking');
  await expect(hint.filter({ hasText: 'silent' })).toHaveCount(0);
  await silent.click();
  await expect(hint).toContainText('silent for');
  const behind = await hint.textContent().then((text) => Date.now() - begun - Number(/silent for (\d+) s/.exec(text ?? '')?.[1]) * 1000);
  expect(behind).toBeLessThan(4000);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(page.getByText('2 stopped').filter({ visible: true }).first()).toBeVisible();
  rmSync(dir, { recursive: true });
});

test('while it runs and says nothing, the page changes once a second', async ({ page, app }) => {
  await takeIn(page, app);
  await run(page, 'web-1', 'echo begun; sleep 600');
  await expect(page.locator('[data-hint]')).toContainText('silent for');
  // Without a graphics card each change has the whole window painted: what turns is a picture that moves by itself.
  const changed = await page.evaluate(() => new Promise<string[]>((done) => {
    const frames: string[] = [];
    let frame = '';
    new MutationObserver((all) => {
      if (!frame) requestAnimationFrame(() => { frames.push(frame); frame = ''; });
      frame += all.map((m) => `${m.type} ${m.target.textContent?.slice(0, 40)}; `).join('');
    }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    setTimeout(() => done(frames), 3000);
  }));
  expect(changed.length, changed.join('\n')).toBeLessThanOrEqual(4);
  expect(changed.length, 'it counts').toBeGreaterThan(0);
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  await page.keyboard.press('Control+.');
  await expect(page.getByText('stopped', { exact: true }).filter({ visible: true }).first()).toBeVisible();
});

test('several jobs at once, each with its tab, its output and its Stop', async ({ page, app }) => {
  await takeIn(page, app);
  await run(page, 'web-1', 'echo the first; sleep 600');
  await expect(log(page)).toContainText('the first');
  await expect(tabs(page)).toHaveCount(0);
  await run(page, 'bastion', 'echo the second; sleep 600');
  await expect(log(page)).toContainText('the second');
  await expect(page.getByRole('button', { name: '2 running' })).toBeVisible();
  await tab(page, 'echo the first').click();
  await expect(tab(page, 'echo the first')).toHaveAttribute('aria-pressed', 'true');
  await expect(log(page)).toContainText('the first');
  await expect(log(page)).not.toContainText('the second');

  // Stop ends the one on the screen, and no other.
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(page.getByText('Stopped: nothing of it is left on web-1.')).toBeVisible();
  await expect(page.getByRole('button', { name: '1 running' })).toBeVisible();
  expect(jobs(app).map((j) => j.status)).toEqual(['canceled', 'running']);

  // A closed tab leaves its job running; the other one comes to the screen.
  await page.getByRole('button', { name: 'Close the tab of job 2' }).click();
  await expect(tabs(page)).toHaveCount(0);
  await expect(page.getByText('Job 1', { exact: true })).toBeVisible();
  expect(jobs(app).map((j) => j.status)).toEqual(['canceled', 'running']);
  await page.keyboard.press('Control+h');
  await page.getByRole('button', { name: /^echo the second/ }).click();
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect.poll(() => jobs(app).map((j) => j.status)).toEqual(['canceled', 'canceled']);
});

test('more VMs than at once: the typed number counts at once, what waits is shown, and all have their turn', async ({ page, app }) => {
  const dir = folder();
  const go = join(dir, 'go');
  await takeIn(page, app);
  await page.keyboard.press('Control+k');
  await page.keyboard.type("don't ask before running on production");
  await page.getByRole('option', { name: /^Don't ask before running on production/ }).click();
  await vm(page, 'bastion').click();
  for (const name of ['web-1', 'db-1-prod']) await vm(page, name).click({ modifiers: ['Control'] });
  const atOnce = page.getByRole('spinbutton', { name: 'at once' });
  await expect(atOnce).toHaveValue('32');

  const line = page.getByRole('textbox', { name: 'Command', exact: true });
  await line.fill(`echo first; until [ -e ${go} ]; do sleep 0.1; done`);
  await atOnce.fill('0');
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeDisabled();
  await expect(page.getByText('At once is a number from 1 to 200')).toBeVisible();
  await atOnce.fill('1');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText('1 running, 2 waiting', { exact: true })).toBeVisible();
  await cells(page).getByRole('tab').filter({ hasText: 'waiting' }).last().click();
  await expect(page.locator('[data-hint]')).toHaveText('1 waits before it');

  // Of two jobs each has its own number.
  await line.fill(`echo second; until [ -e ${go} ]; do sleep 0.1; done`);
  await atOnce.fill('2');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByText('2 running, 1 waiting', { exact: true })).toBeVisible();
  writeFileSync(go, '');
  await expect(page.getByText('3 succeeded', { exact: true })).toBeVisible();
  await tab(page, 'echo first').click();
  await expect(page.getByText('3 succeeded', { exact: true })).toBeVisible();
  expect(jobs(app).map((j) => j.parallelism)).toEqual([1, 2]);
  rmSync(dir, { recursive: true });
});

test('a chosen VM and a chosen command say how they do: last, how often it succeeds, how long it usually takes', async ({ page, app }) => {
  await takeIn(page, app);
  await page.getByRole('button', { name: 'Add command' }).click();
  const form = page.getByRole('dialog', { name: 'Add a command' });
  await form.getByLabel('Name', { exact: true }).fill('Sometimes');
  await form.getByRole('textbox', { name: 'Script', exact: true }).fill('exit {{status}}');
  await page.keyboard.press('Control+Enter');
  await expect(form).toBeHidden();
  const usage = page.getByRole('region', { name: 'Execution' }).locator('[data-usage]');
  await vm(page, 'web-1').click();
  await expect(usage).toHaveCount(0);
  await page.getByRole('searchbox', { name: 'Filter commands' }).fill('sometimes');
  const card = page.getByRole('listbox', { name: 'Commands' }).getByRole('option').filter({ has: page.getByText('Sometimes', { exact: true }) });
  await card.click();
  const took = '(\\d+ ms|\\d+\\.\\d s)';
  for (const [status, says] of [['0', `^usually ${took} · ran once, succeeded · last just now$`], ['3', `^usually ${took} · 50 % of the last 2 succeeded · last just now$`]] as const) {
    await page.getByRole('textbox', { name: 'status' }).fill(status);
    await page.keyboard.press('Control+Enter');
    await expect(usage).toHaveText(new RegExp(says));
  }
  await expect(card.getByTitle('Last run: failed, job 2')).toHaveCount(1); // hidden for its menu while the mouse is on it

  // On another VM the command has no past, and neither has the VM; the first one has both runs.
  await vm(page, 'bastion').click();
  await expect(usage).toHaveCount(0);
  await page.getByRole('button', { name: 'Free command' }).click();
  await expect(usage).toHaveCount(0);
  await vm(page, 'web-1').click();
  await expect(usage).toContainText('50 % of the last 2 succeeded');
});

test('the log of a job on several VMs opens with the keyboard in it: Esc closes it and gives the focus back', async ({ page, app }) => {
  await takeIn(page, app);
  app.vmo('run', '--on', 'web-1', '--on', 'bastion', '--', 'echo both');
  await page.keyboard.press('Control+h');
  const row = page.getByRole('region', { name: 'Jobs' }).locator('[data-main]:visible').filter({ hasText: 'echo both' });
  await row.click();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: /^Job 1/ });
  await expect(dialog.getByRole('region', { name: 'Last lines of all VMs' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(row).toBeFocused();
});
