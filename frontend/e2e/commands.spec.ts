import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { test, expect } from './app';
import { log, takeIn, vm } from './steps';

test.use({ taken: true });

const panel = (page: Page) => page.getByRole('listbox', { name: 'Commands' });
const card = (page: Page, name: string) => panel(page).getByRole('option').filter({ has: page.getByText(name, { exact: true }) });
const names = (page: Page, group: string) => panel(page).getByRole('group', { name: group, exact: true }).getByRole('option').locator('span.truncate.font-medium').allTextContents();

/** Narrows the list to a name: of many commands those in sight are drawn. */
const seek = (page: Page, name: string) => page.getByRole('searchbox', { name: 'Filter commands' }).fill(name);

async function menu(page: Page, item: string) {
  await page.getByRole('button', { name: 'More about commands' }).click();
  await page.getByRole('menuitem', { name: item }).click();
}

async function add(page: Page, name: string, script: string, group = '') {
  await page.getByRole('button', { name: 'Add command' }).click();
  const form = page.getByRole('dialog', { name: 'Add a command' });
  await form.getByLabel('Name', { exact: true }).fill(name);
  if (group) await form.getByLabel('Group').fill(group);
  await form.getByRole('textbox', { name: 'Script', exact: true }).fill(script);
  return form;
}

test('AddCommandForm: every type of parameter, hints of shellcheck, and the run with a choice of the VM and a file of this computer', async ({ page, app }) => {
  await takeIn(page, app);
  const dir = mkdtempSync(join(tmpdir(), 'vmo-files-'));
  writeFileSync(join(dir, 'note.txt'), "it's\na file\n");
  const form = await add(page, 'Typed', "printf '<%s>' {{count}} {{place}}; rm -f $nothing; cat {{note}}");
  await expect(form.locator('.cm-editor')).toBeVisible();
  await expect(form.locator('.cm-param').first()).toHaveText('{{count}}');
  await expect(form.getByRole('list', { name: 'Hints of shellcheck' })).toContainText('SC2086');

  await form.getByRole('combobox', { name: 'Type of count' }).click();
  await page.getByRole('option', { name: 'Number' }).click();
  await form.getByLabel('Smallest count').fill('1');
  await form.getByLabel('Greatest count').fill('5');
  await form.getByLabel('Default of count').fill('9');
  await expect(form.getByText('count must be 5 at most')).toBeVisible();
  await form.getByLabel('Default of count').fill('3');
  await form.getByRole('combobox', { name: 'Type of place' }).click();
  await page.getByRole('option', { name: 'From a script' }).click();
  await form.getByLabel('Script for the choices of place').fill("printf 'north pole\\nsouth\\n'");
  await form.getByRole('combobox', { name: 'Type of note' }).click();
  await page.getByRole('option', { name: 'File', exact: true }).click();
  await expect(form.getByText(/kept nowhere/)).toBeVisible();

  // Tab indents in the script; Esc, then Tab, leaves it, and the form stays open.
  await form.getByRole('textbox', { name: 'Script', exact: true }).focus();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab');
  await expect(form.getByRole('textbox', { name: 'Script', exact: true })).not.toBeFocused();
  await page.keyboard.press('Control+Enter');
  await expect(form).toBeHidden();

  await vm(page, 'web-1').click();
  await card(page, 'Typed').click();
  const place = page.getByRole('combobox', { name: 'place' });
  await expect(page.getByText('2 to choose from')).toBeVisible();
  await expect(place.locator('xpath=following-sibling::datalist/option').first()).toHaveAttribute('value', 'north pole');
  await place.fill('else where');
  await page.getByRole('textbox', { name: 'note' }).fill(join(dir, 'missing'));
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText(/missing can't be read/)).toBeVisible();
  await page.getByRole('textbox', { name: 'note' }).fill(join(dir, 'note.txt'));
  await page.keyboard.press('Control+Enter');
  await expect(log(page)).toContainText("<3><else where>it's");
  await expect(log(page)).toContainText('a file');
  await expect(card(page, 'Typed').getByTitle(/^Last run: succeeded/)).toHaveCount(1);
  rmSync(dir, { recursive: true });
});

test('AddCommandForm: what is typed while the editor of the script is still loading stays, and the caret with it', async ({ page, app }) => {
  let release = () => {};
  const held = new Promise<void>((done) => { release = done; });
  await page.route(/codeEditor/, async (route) => { await held; await route.continue(); });
  await takeIn(page, app);
  const form = await add(page, 'Slow', 'echo 13');
  const field = form.getByRole('textbox', { name: 'Script', exact: true });
  await page.keyboard.press('ArrowLeft');
  release();
  await expect(form.locator('.cm-content')).toBeVisible();
  await expect(field).toBeFocused();
  await page.keyboard.type('2');
  await expect(field).toContainText('echo 123');
  await page.keyboard.press('Control+Enter');
  await expect(form).toBeHidden();
  await expect(card(page, 'Slow')).toBeVisible();
});

test('CommandPanel and Command: order by keyboard and drag, duplicate, delete with undo, edits kept and taken back, same name in another scope', async ({ page, app }) => {
  await takeIn(page, app);
  for (const name of ['Aaa', 'Bbb', 'Ccc']) {
    const form = await add(page, name, `echo ${name} one`, 'Mine');
    await page.keyboard.press('Control+Enter');
    await expect(form).toBeHidden();
  }
  await expect.poll(() => names(page, 'Mine')).toEqual(['Aaa', 'Bbb', 'Ccc']);
  await card(page, 'Ccc').focus();
  await page.keyboard.press('Alt+ArrowUp');
  await expect.poll(() => names(page, 'Mine')).toEqual(['Aaa', 'Ccc', 'Bbb']);
  await expect(card(page, 'Ccc')).toBeFocused();
  await page.getByRole('searchbox', { name: 'Filter commands' }).fill('mine');
  const [from, to] = [await card(page, 'Bbb').boundingBox(), await card(page, 'Aaa').boundingBox()];
  if (!from || !to) throw new Error('no cards');
  await page.mouse.move(from.x + 40, from.y + 10);
  await page.mouse.down();
  await page.mouse.move(to.x + 40, to.y + 20, { steps: 4 });
  await page.mouse.move(to.x + 40, to.y + 3, { steps: 2 });
  await page.mouse.up();
  await expect.poll(() => names(page, 'Mine')).toEqual(['Bbb', 'Aaa', 'Ccc']);

  // A name is unique in its scope, on a rename too, and what is in the form stays.
  await card(page, 'Aaa').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  const form = page.getByRole('dialog', { name: 'Edit “Aaa”' });
  await form.getByLabel('Name', { exact: true }).fill('bbb');
  await form.getByRole('textbox', { name: 'Script', exact: true }).fill('echo Aaa two');
  await page.keyboard.press('Control+Enter');
  await expect(form.getByText(/there is a command named "bbb" already/)).toBeVisible();
  await form.getByText('chosen VMs').click();
  await form.getByRole('checkbox', { name: 'web-1' }).check();
  await page.keyboard.press('Control+Enter');
  await expect(form).toBeHidden();
  await expect(card(page, 'bbb')).toHaveCount(1);

  // Back to what it was.
  await card(page, 'bbb').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Earlier versions' }).click();
  const versions = page.getByRole('dialog', { name: /^Earlier versions/ });
  await expect(versions.getByRole('group', { name: 'The script, line by line' })).toContainText('echo Aaa one');
  await versions.getByRole('button', { name: 'Go back to this' }).click();
  await expect(card(page, 'Aaa')).toBeVisible();

  await card(page, 'Aaa').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await expect(card(page, 'Aaa')).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(card(page, 'Aaa')).toBeVisible();
  await card(page, 'Aaa').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Duplicate' }).click();
  await expect(page.getByRole('dialog', { name: 'Copy of “Aaa”' }).getByLabel('Name', { exact: true })).toHaveValue('Aaa copy');
});

test('Files of commands: import by review, problems with their line, export as YAML and playbook, a library folder that is followed, shipped commands again', async ({ page, app }) => {
  await takeIn(page, app);
  const dir = mkdtempSync(join(tmpdir(), 'vmo-yaml-'));
  mkdirSync(join(dir, 'lib'));
  writeFileSync(join(dir, 'team.yaml'), 'version: 1\ncommands:\n- name: Team\n  group: Team\n  script: echo {{what}}\n- name: Broken\n  scrpt: x\n- name: Uptime and load\n  group: System\n  script: uptime\n');
  await menu(page, 'Import…');
  const sheet = page.getByRole('dialog', { name: 'Import commands' });
  await sheet.getByLabel('File or folder').fill(join(dir, 'no.yaml'));
  await page.keyboard.press('Enter');
  await expect(sheet.getByText(/can't be read/)).toBeVisible();
  await sheet.getByLabel('File or folder').fill(join(dir, 'team.yaml'));
  await page.keyboard.press('Enter');
  await expect(sheet.getByRole('alert')).toContainText('team.yaml:7 a command has no "scrpt"');
  await expect(sheet.getByRole('checkbox', { name: 'Take Team' })).toBeChecked();
  await sheet.getByRole('button', { name: /script/ }).click();
  await expect(sheet.getByRole('group', { name: 'The script, line by line' })).toContainText('uptime');
  await sheet.getByRole('checkbox', { name: 'Take Uptime and load' }).uncheck();
  await sheet.getByRole('button', { name: 'Take 1 in' }).click();
  await seek(page, 'team');
  await expect(card(page, 'Team')).toBeVisible();

  await card(page, 'Team').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Export' }).click();
  const out = page.getByRole('dialog', { name: 'Export “Team”' });
  await expect(out.getByLabel('Preview')).toContainText('script: echo {{what}}');
  await out.getByRole('combobox', { name: 'Form' }).click();
  await page.getByRole('option', { name: 'Ansible playbook' }).click();
  await expect(out.getByLabel('Preview')).toContainText('{{ param_what | quote }}');
  await out.getByRole('button', { name: 'Cancel' }).click();

  // The library.
  writeFileSync(join(dir, 'lib/shared.yaml'), 'version: 1\ncommands:\n- name: Shared\n  group: Shared\n  script: echo from the library\n');
  await menu(page, 'Library folder…');
  const library = page.getByRole('dialog', { name: 'Library folder' });
  await library.getByLabel('Folder', { exact: true }).fill(join(dir, 'lib'));
  await library.getByRole('button', { name: 'Use this folder' }).click();
  await expect(library.getByRole('status')).toContainText('1 command');
  await library.getByRole('button', { name: 'Close' }).last().click();
  await seek(page, 'shared');
  await expect(card(page, 'Shared')).toContainText('library');
  await card(page, 'Shared').click({ button: 'right' });
  await expect(page.getByRole('menuitem', { name: 'Duplicate' })).toBeVisible();
  await expect(page.getByRole('menuitem', { name: 'Edit' })).toHaveCount(0);
  await page.keyboard.press('Escape');
  await vm(page, 'web-1').click();
  await card(page, 'Shared').click();
  await page.keyboard.press('Control+Enter');
  await expect(log(page)).toContainText('from the library');
  writeFileSync(join(dir, 'lib/shared.yaml'), 'version: 1\ncommands:\n- name: Shared anew\n  script: echo two\n');
  await expect(card(page, 'Shared anew')).toBeVisible();

  // What came with the app comes back.
  await seek(page, 'memory');
  await card(page, 'Memory').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await expect(card(page, 'Memory')).toHaveCount(0);
  await menu(page, 'Use shipped commands…');
  const shipped = page.getByRole('dialog', { name: 'Shipped commands' });
  await expect(shipped.getByRole('checkbox', { name: 'Take Memory' })).toBeChecked();
  await shipped.getByRole('button', { name: 'Take 1 in' }).click();
  await expect(card(page, 'Memory')).toBeVisible();
  rmSync(dir, { recursive: true });
});

test('CommandExecutionView: Enter runs a line, Shift Enter adds one, Up recalls, Tab completes, Save as command', async ({ page, app }) => {
  await takeIn(page, app);
  await vm(page, 'web-1').click();
  const line = page.getByRole('textbox', { name: 'Command', exact: true });
  await line.fill('echo completed');
  await page.keyboard.press('Enter');
  await expect(log(page)).toContainText('completed');
  await expect(line).toHaveValue('');
  await line.pressSequentially('echo com');
  await page.keyboard.press('Tab');
  await expect(line).toHaveValue('echo completed');
  await page.keyboard.press('Shift+Enter');
  await line.pressSequentially('echo second');
  await page.keyboard.press('Enter');
  await expect(line).toHaveValue('echo completed\necho second\n');
  await page.keyboard.press('Control+Enter');
  await expect(log(page)).toContainText('second');
  await page.keyboard.press('ArrowUp');
  await expect(line).toHaveValue(/echo second/);
  await page.getByRole('button', { name: 'Save as command' }).click();
  await expect(page.getByRole('dialog', { name: 'Add a command' }).getByRole('textbox', { name: 'Script', exact: true })).toContainText('echo second');
});
