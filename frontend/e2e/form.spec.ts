import { hostname } from 'node:os';
import type { Page } from '@playwright/test';
import { test, expect, type App } from './app';
import { choose, log, open, takeIn, vm } from './steps';

test.use({ taken: true });

// What the form of a command says of how it runs, from the form to the VM; and forms that would lose what was typed.

const form = (page: Page) => page.getByRole('dialog');
const name = (page: Page) => form(page).getByLabel('Name', { exact: true });
const script = (page: Page) => form(page).getByRole('textbox', { name: 'Script', exact: true });
const timeout = (page: Page) => form(page).getByRole('textbox', { name: /^Time-out/ });
const card = (page: Page, text: string) => page.getByRole('listbox', { name: 'Commands' }).getByRole('option').filter({ has: page.getByText(text, { exact: true }) });
const discard = (page: Page) => form(page).getByRole('alert').filter({ hasText: 'Discard changes?' });

async function add(page: Page, called: string, text: string): Promise<void> {
  await page.getByRole('button', { name: 'Add command' }).click();
  await name(page).fill(called);
  await script(page).fill(text);
}

async function edit(page: Page, called: string): Promise<void> {
  await card(page, called).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await expect(page.getByRole('dialog', { name: `Edit “${called}”` })).toBeVisible();
}

async function save(page: Page): Promise<void> {
  await page.keyboard.press('Control+Enter');
  await expect(form(page)).toBeHidden();
}

/** Runs the command that is chosen, and waits for its end. */
async function runChosen(page: Page, app: App, end: string): Promise<void> {
  const before = jobs(app).length;
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect.poll(() => jobs(app).slice(before).map((j) => j.status)).toEqual([end]);
}

interface Told { number: number; status: string; kind: string; timeoutSeconds: number }
const jobs = (app: App) => app.vmo('jobs', '--json').split('\n').filter(Boolean).map((line) => JSON.parse(line) as Told).sort((a, b) => a.number - b.number);

/** What the newest job wrote to a stream. */
const wrote = (app: App, stream: 'stdout' | 'stderr') => app.vmo('logs', String(jobs(app).at(-1)?.number), '--stream', stream, '--raw');

test('the folder, variables, terminal and one output of a command are kept, shown again, and act on the VM', async ({ page, app }) => {
  await takeIn(page, app);
  await add(page, 'How', 'pwd; echo "<$GREETING>"; echo bad >&2; echo last; test -t 1 && echo a terminal');
  await form(page).getByRole('textbox', { name: 'Working folder' }).fill('/usr/bin');
  const greeting = `it's "$HOME" {{not one}}`;
  for (const [variable, value] of [['GREETING', greeting], ['GREETING', 'again']] as const) {
    await form(page).getByRole('button', { name: 'Add a variable' }).click();
    await page.keyboard.type(variable);
    await form(page).getByRole('textbox', { name: `Value of ${variable}` }).last().fill(value);
  }
  await page.keyboard.press('Control+Enter');
  await expect(form(page).getByText('A variable is there twice.')).toBeVisible();
  await form(page).getByRole('textbox', { name: 'Name of the variable' }).last().fill('2ND');
  await page.keyboard.press('Control+Enter');
  await expect(form(page).getByText(/"2ND" can't be an environment variable/)).toBeVisible();
  await form(page).getByRole('button', { name: 'Remove 2ND' }).click();
  await save(page);
  await page.getByRole('searchbox', { name: 'Filter commands' }).fill('how');

  await edit(page, 'How');
  await expect(form(page).getByRole('textbox', { name: 'Working folder' })).toHaveValue('/usr/bin');
  await expect(form(page).getByRole('textbox', { name: 'Name of the variable' })).toHaveValue('GREETING');
  await expect(form(page).getByRole('textbox', { name: 'Value of GREETING' })).toHaveValue(greeting);
  await page.keyboard.press('Escape');
  await expect(form(page)).toBeHidden();

  await vm(page, 'web-1').click();
  await card(page, 'How').click();
  await runChosen(page, app, 'failed'); // there is no terminal
  expect(wrote(app, 'stdout')).toBe(`/usr/bin\n<${greeting}>\nlast\n`);
  expect(wrote(app, 'stderr')).toBe('bad\n');

  await edit(page, 'How');
  await form(page).getByRole('switch', { name: 'One output' }).click();
  await save(page);
  await runChosen(page, app, 'failed');
  expect(wrote(app, 'stdout')).toBe(`/usr/bin\n<${greeting}>\nbad\nlast\n`);
  expect(wrote(app, 'stderr')).toBe('');

  await edit(page, 'How');
  await expect(form(page).getByRole('switch', { name: 'One output' })).toBeChecked();
  await form(page).getByRole('switch', { name: 'One output' }).click();
  await form(page).getByRole('switch', { name: /^Terminal/ }).click();
  await save(page);
  await runChosen(page, app, 'succeeded');
  await expect(log(page)).toContainText('a terminal');

  await edit(page, 'How');
  await expect(form(page).getByRole('switch', { name: /^Terminal/ })).toBeChecked();
  await form(page).getByRole('textbox', { name: 'Working folder' }).fill('/no/such folder');
  await save(page);
  await runChosen(page, app, 'failed');
  await expect(page.getByRole('region', { name: 'Execution' })).toContainText('/no/such folder');
});

test('a time-out is a number in seconds or minutes, is shown again, and ends the run; 0 is none', async ({ page, app }) => {
  await takeIn(page, app);
  await add(page, 'Slow', 'echo begun; sleep 600');
  await expect(timeout(page)).toHaveValue('10');
  await timeout(page).fill('soon');
  await page.keyboard.press('Control+Enter');
  await expect(form(page).getByText('A time-out is a number; 0 is none.')).toBeVisible();
  await expect(timeout(page)).toBeFocused();
  await timeout(page).fill('1441');
  await page.keyboard.press('Control+Enter');
  await expect(form(page).getByText(/a time-out is 1 second to 24 hours, or none/)).toBeVisible();
  await timeout(page).fill('2');
  await form(page).getByRole('combobox', { name: 'Unit of the time-out' }).click();
  await page.getByRole('option', { name: 'seconds' }).click();
  await save(page);

  await vm(page, 'web-1').click();
  await page.getByRole('searchbox', { name: 'Filter commands' }).fill('slow');
  await card(page, 'Slow').click();
  await runChosen(page, app, 'timed_out');
  await expect(page.getByText('the command took longer than its time-out').filter({ visible: true }).first()).toBeVisible();

  await edit(page, 'Slow');
  await expect(timeout(page)).toHaveValue('2');
  await expect(form(page).getByRole('combobox', { name: 'Unit of the time-out' })).toHaveText('seconds');
  await timeout(page).fill('1.5');
  await form(page).getByRole('combobox', { name: 'Unit of the time-out' }).click();
  await page.getByRole('option', { name: 'minutes' }).click();
  await save(page);
  await edit(page, 'Slow');
  await expect(timeout(page)).toHaveValue('90');
  await timeout(page).fill('0');
  await expect(form(page).getByText('none: it runs until it ends')).toBeVisible();
  await script(page).fill('echo ended');
  await save(page);
  await runChosen(page, app, 'succeeded');
  expect(jobs(app).map((j) => j.timeoutSeconds)).toEqual([2, 0]);
});

test('a new command shows no error before one is made, and what stands below its preview stays where it is', async ({ page, app }) => {
  await takeIn(page, app);
  await page.getByRole('button', { name: 'Add command' }).click();
  await expect(form(page).getByText('The script appears here')).toBeVisible();
  const below = form(page).getByRole('button', { name: 'Add a variable' });
  await page.waitForTimeout(300); // the empty form has been looked at
  const place = (await below.boundingBox())?.y ?? 0;
  await page.evaluate(() => {
    const said = new Set<string>();
    Object.assign(window, { said });
    const preview = document.querySelector('[aria-label="What will run"]');
    new MutationObserver(() => said.add(preview?.textContent ?? '')).observe(preview ?? document, { childList: true, subtree: true, characterData: true });
  });
  await script(page).click();
  await page.keyboard.type('uptime');
  await expect(form(page).getByText('Runs as it stands.')).toBeVisible();
  await script(page).fill('echo {{what}}'); // a parameter has no value until it has its row
  await expect(form(page).getByText('what: asked for on each run.')).toBeVisible();
  expect(await page.evaluate(() => [...(window as unknown as { said: Set<string> }).said].filter((text) => /needs/.test(text)))).toEqual([]);
  expect(Math.abs(((await below.boundingBox())?.y ?? 0) - place)).toBeLessThan(3);
});

test('a command on this computer: from the form to its output, with no VM', async ({ page, app }) => {
  await takeIn(page, app);
  await add(page, 'Here', 'hostname; echo "{{what}} $VMO_RUN_ID"; echo bad >&2; exit 3');
  await form(page).getByText('on this computer', { exact: true }).click();
  await expect(form(page).getByRole('switch', { name: 'One output' })).toHaveCount(0);
  await save(page);
  await page.getByRole('searchbox', { name: 'Filter commands' }).fill('here');
  await expect(card(page, 'Here')).toContainText('local');
  await card(page, 'Here').click();
  await expect(page.getByText('on this computer', { exact: true })).toBeVisible();
  await expect(page.getByRole('list', { name: 'Runs on' })).toContainText('this computer');
  await page.getByRole('textbox', { name: 'what' }).fill(`a 'b' $(id)`);
  await runChosen(page, app, 'failed');
  await expect(page.getByText('exit 3').filter({ visible: true }).first()).toBeVisible();
  await expect(log(page)).toContainText(hostname());
  await expect(log(page)).toContainText(`a 'b' $(id)`);
  expect(jobs(app).at(-1)?.kind).toBe('local');
  await expect(page.getByRole('tabpanel', { name: 'Output of this computer' })).toBeVisible();
  expect(wrote(app, 'stderr')).toBe('bad\n');

  // Stop ends what it started.
  await edit(page, 'Here');
  await script(page).fill('echo begun {{what}}; sleep 600');
  await save(page);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(log(page)).toContainText('begun');
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(page.getByText(/^Stopped: nothing of it is left/)).toBeVisible();

  // Where it asks first, it says where it runs.
  await edit(page, 'Here');
  await form(page).getByText('Ask before it runs').click();
  await save(page);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByRole('dialog', { name: 'Run this on this computer?' })).toBeVisible();
  await page.keyboard.press('Escape');
  await vm(page, 'web-1').click();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByRole('dialog', { name: 'Run this on this computer, for one VM?' })).toBeVisible();
});

test('a form with changes asks before it closes; one without closes at once', async ({ page, app }) => {
  await takeIn(page, app);
  for (const [opens, label, saved] of [
    ['Add a VM', /^Host/, () => vm(page, 'unsaved')], ['Add command', /^Group/, () => card(page, 'unsaved')],
  ] as const) {
    const openForm = () => page.getByRole('button', { name: opens, exact: true }).click();
    await openForm();
    await expect(name(page)).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(form(page)).toBeHidden();

    await openForm();
    await name(page).fill('unsaved');
    await form(page).getByLabel(label).fill('somewhere');
    await page.keyboard.press('Escape');
    await expect(discard(page)).toBeVisible();
    await expect(form(page).getByRole('button', { name: 'Keep editing' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(discard(page)).toBeHidden();
    await expect(name(page)).toBeFocused();
    await expect(name(page)).toHaveValue('unsaved');
    await expect(form(page).getByLabel(label)).toHaveValue('somewhere');

    // The question, asked twice, is no: the person is in a hurry to leave the question, not the form.
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await expect(discard(page)).toBeHidden();
    for (const way of ['Close', 'Cancel']) {
      await form(page).getByRole('button', { name: way, exact: true }).click();
      await expect(discard(page)).toBeVisible();
      await form(page).getByRole('button', { name: 'Keep editing' }).click();
    }
    // So does a click beside it.
    await page.mouse.click(5, 400);
    await expect(discard(page)).toBeVisible();
    await form(page).getByRole('button', { name: 'Discard' }).click();
    await expect(form(page)).toBeHidden();
    await expect(saved()).toHaveCount(0);
    await openForm();
    await expect(name(page)).toHaveValue('');
    await page.keyboard.press('Escape');
    await expect(form(page)).toBeHidden();
  }
});

test('an edit that is discarded changes nothing, and what is typed and taken back is no change', async ({ page, app }) => {
  await open(page, app);
  await page.getByRole('button', { name: 'Add a VM' }).click();
  await name(page).fill('kept');
  await form(page).getByLabel(/^Host/).fill('203.0.113.9');
  await save(page);
  await choose(page, 'kept');
  await vm(page, 'kept').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await form(page).getByLabel('Notes', { exact: true }).fill('not meant');
  await page.keyboard.press('Escape');
  await form(page).getByRole('button', { name: 'Discard' }).click();
  await vm(page, 'kept').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await expect(form(page).getByLabel('Notes', { exact: true })).toHaveValue('');
  await name(page).fill('kept for now');
  await name(page).fill('kept');
  await page.keyboard.press('Escape');
  await expect(form(page)).toBeHidden();
});
