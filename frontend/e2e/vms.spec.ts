import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, sshConfig, startApp, test as base, test as lab, vmoOn } from './app';
import { log, open, takeIn, vm } from './steps';

/** An app on an ssh_config of one's own, without any server behind. */
const test = base.extend<{ own: { url: string; config: string; vmo: (...args: string[]) => string; put: (name: string, text: string) => string }; text: string }>({
  text: ['', { option: true }],
  own: async ({ text }, use) => {
    const dir = mkdtempSync(join(tmpdir(), 'vmo-vms-'));
    const config = sshConfig(text);
    const app = await startApp(join(dir, 'data'), config);
    const put = (name: string, what: string) => { writeFileSync(join(dir, name), what); return join(dir, name); };
    await use({ url: app.url, config, put, vmo: (...args) => vmoOn(join(dir, 'data'), config, ...args) });
    await app.stop();
    rmSync(dir, { recursive: true, force: true });
  },
});

const menu = async (page: Page, name: string, item: string) => {
  await vm(page, name).first().click({ button: 'right' });
  await page.getByRole('menuitem', { name: item, exact: true }).click();
};
const more = async (page: Page, item: string | RegExp) => {
  await page.getByRole('button', { name: 'More about VMs' }).click();
  await page.getByRole('menuitem', { name: item }).click();
};
/** Undoes what a toast says was done: of several, the newest lies on the others. */
const undo = (page: Page, what: string) => page.locator('[data-sonner-toast]').filter({ hasText: what }).getByRole('button', { name: 'Undo' }).click();
const rows = (page: Page) => page.getByRole('region', { name: 'List of VMs' }).getByRole('option');
const selected = (page: Page) => rows(page).and(page.getByRole('option', { selected: true }));
const group = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

test.describe('Sync review', () => {
  test.use({ text: 'Host web\n  HostName 10.255.0.1\n  User old\nHost db\n  HostName 10.255.0.2\nHost git\n  HostName github.com\n  User git\n' });
  test('new, changed field by field, gone; forges left out; the file is watched and the badge counts; nothing goes without a tick', async ({ page, own }) => {
    await open(page, own);
    await page.getByRole('button', { name: 'Review 2 hosts' }).click();
    const sheet = page.getByRole('dialog');
    await expect(sheet.getByRole('checkbox', { name: 'Add git', exact: true })).not.toBeChecked();
    await expect(sheet).toContainText('Code forge');
    await sheet.getByRole('checkbox', { name: 'Select all' }).click();
    await expect(sheet.getByRole('button', { name: 'Add', exact: true })).toBeDisabled();
    await sheet.getByRole('checkbox', { name: 'Select all' }).click();
    await sheet.getByRole('button', { name: 'Add 2' }).click();
    await expect(vm(page, 'db')).toBeVisible();
    await expect(vm(page, 'git')).toHaveCount(0);

    writeFileSync(own.config, 'Host web\n  HostName 10.255.0.9\n  User new\n  Port 2222\nHost api\n  HostName 10.255.0.3\n  IdentityFile ~/.ssh/no-such-key\n');
    await page.getByRole('button', { name: '3 to review' }).click();
    for (const text of ['10.255.0.1', '10.255.0.9', 'old', 'new', '2222']) await expect(sheet.getByText(text, { exact: true }).first()).toBeVisible();
    await expect(sheet).toContainText('The identity file ~/.ssh/no-such-key is missing.');
    await sheet.getByRole('button', { name: 'Add 1 and acknowledge 1' }).click();
    await expect(vm(page, 'web')).toContainText('new@10.255.0.9:2222');
    await expect(vm(page, 'db')).toBeVisible();
    await expect(vm(page, 'api').getByText('The identity file')).toBeAttached();

    await page.getByRole('button', { name: '1 to review' }).click();
    await sheet.getByRole('checkbox', { name: /db/ }).click();
    await sheet.getByRole('button', { name: 'Remove 1' }).click();
    await expect(vm(page, 'db')).toHaveCount(0);
  });
});

test.describe('VMSidebar', () => {
  test('groups by environment, tag, source and provider; favourites, recents; filter; hidden ones are found and shown again', async ({ page, own }) => {
    own.vmo('import', own.put('x.csv', 'name,host,tags,provider\nweb-1,10.255.1.1,web eu,AWS\nweb-2,10.255.1.2,web,Hetzner\ndb-prod,10.255.1.3,db,\nlonely,10.255.1.4,,\n'));
    await open(page, own);
    await expect(group(page, 'Production').getByRole('option')).toHaveCount(1);
    await menu(page, 'web-2', 'Add to favourites');
    await expect(group(page, 'Favourites').getByRole('option')).toHaveCount(1);
    await more(page, 'Group by tag');
    await expect(group(page, 'web').getByRole('option')).toHaveCount(1);
    await expect(group(page, 'No tag').getByText('lonely')).toBeVisible();
    await more(page, 'Group by provider');
    await expect(group(page, 'AWS').getByText('web-1')).toBeVisible();
    await more(page, 'Group by source');
    await expect(group(page, 'Imported').getByRole('option')).toHaveCount(3);
    await group(page, 'Imported').getByRole('button', { name: /^Imported/ }).click();
    await expect(rows(page)).toHaveCount(1);
    await group(page, 'Imported').getByRole('button', { name: /^Imported/ }).click();

    await page.keyboard.press('/');
    await page.keyboard.type('tag:web');
    await expect(rows(page)).toHaveCount(2);
    await expect(page.getByText('2 of 4')).toBeVisible();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Filter by tag' }).click();
    await page.getByRole('menuitem', { name: 'db (1)' }).click();
    await expect(rows(page)).toHaveCount(1);
    await page.getByLabel('Filter VMs').fill('nothing-like-it');
    await page.getByRole('button', { name: 'Clear the filter' }).click();

    await menu(page, 'lonely', 'Hide');
    await expect(vm(page, 'lonely')).toHaveCount(0);
    await more(page, 'Show hidden VMs (1)');
    await expect(group(page, 'Hidden').getByText('lonely')).toBeVisible();
    await menu(page, 'lonely', 'Show again');
    await expect(group(page, 'Hidden')).toHaveCount(0);
    await expect(group(page, 'Imported').getByText('lonely')).toBeVisible();

    // The latest used stand apart once the list is long; another process used this one.
    own.vmo('import', own.put('y.ini', 'node[01:12] ansible_host=127.0.0.1 ansible_port=1\n'));
    expect(() => own.vmo('run', '--on', 'node07', '--', 'true')).toThrow();
    await expect(group(page, 'Recent').getByRole('option')).toHaveCount(1);
    await expect(group(page, 'Recent').getByText('node07')).toHaveAttribute('title', /Last used: just now/);
  });

  test('several are chosen with Ctrl, Shift, the keyboard and by tag, and tagged, marked, exported and deleted together, with Undo', async ({ page, own }) => {
    own.vmo('import', own.put('x.ini', '[web]\nweb-[1:6] ansible_user=deploy\n[db]\ndb-[1:2]\n'));
    await open(page, own);
    await vm(page, 'db-1').click();
    await vm(page, 'web-2').click({ modifiers: ['Control'] });
    await expect(selected(page)).toHaveCount(2);
    await vm(page, 'web-5').click({ modifiers: ['Shift'] });
    await expect(selected(page)).toHaveCount(4);
    await vm(page, 'db-1').click();
    await page.keyboard.press('j');
    await expect(vm(page, 'db-2')).toBeFocused();
    await page.keyboard.press('Shift+ArrowDown');
    await expect(selected(page)).toHaveCount(2);
    await page.keyboard.press('Control+ArrowDown');
    await page.keyboard.press('Control+ArrowDown');
    await page.keyboard.press(' ');
    await expect(selected(page)).toHaveCount(3);
    await page.keyboard.press('Control+a');
    await expect(selected(page)).toHaveCount(8);
    await page.keyboard.press('Escape');
    await expect(selected(page)).toHaveCount(1);
    await page.keyboard.press('/');
    await page.keyboard.type('tag:web');
    await page.getByRole('button', { name: 'Choose all 6' }).click();
    const bar = page.getByRole('toolbar', { name: 'The chosen VMs' });
    await expect(bar).toContainText('6 chosen');

    await bar.getByRole('button', { name: 'Tags' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Add a tag').fill('blue');
    await page.keyboard.press('Enter');
    await expect(dialog.getByRole('list', { name: 'Tags they have' })).toContainText('blue');
    await dialog.getByLabel('Add a tag').fill('with,comma');
    await page.keyboard.press('Enter');
    await dialog.getByRole('button', { name: 'Take the tag comma off' }).click();
    await expect(dialog.getByText('comma', { exact: true })).toHaveCount(0);
    await dialog.getByRole('button', { name: 'Done' }).click();
    expect(own.vmo('vms', '--tag', 'blue').trim().split('\n')).toHaveLength(7);

    await menu(page, 'web-3', 'Export…');
    await expect(dialog).toContainText('Export 6 VMs');
    await expect(dialog.getByLabel('Preview')).toContainText('ansible_user: "deploy"');
    await dialog.getByLabel('Form').click();
    await page.getByRole('option', { name: 'ssh_config' }).click();
    await expect(dialog.getByLabel('Preview')).toContainText('Host web-1');
    await dialog.getByRole('button', { name: 'Cancel' }).click();

    await bar.getByRole('button', { name: 'Run on them' }).click();
    await expect(page.getByRole('textbox', { name: 'Command', exact: true })).toBeFocused();
    await expect(page.getByRole('list', { name: 'Runs on' })).toContainText('and 3 more');
    await bar.getByRole('button', { name: 'Delete' }).click();
    await expect(page.getByText('No VM fits')).toBeVisible();
    await undo(page, '6 VMs deleted');
    await expect(rows(page)).toHaveCount(6);
    await page.getByRole('button', { name: 'Choose all 6' }).click();
    await bar.getByRole('button', { name: 'Hide' }).click();
    await expect(page.getByText('No VM fits')).toBeVisible();
    await undo(page, '6 VMs hidden');
    await expect(rows(page)).toHaveCount(6);
  });

  test('the environment of several is changed together, and Undo gives each its own back', async ({ page, own }) => {
    own.vmo('import', own.put('x.ini', '[web]\nweb-[1:2]\nshop-prod\n'));
    await open(page, own);
    await expect(group(page, 'Development').getByRole('option')).toHaveCount(2);
    await rows(page).first().click();
    await page.keyboard.press('Control+a');
    await page.getByRole('toolbar', { name: 'The chosen VMs' }).getByRole('button', { name: 'Tags' }).click();
    const dialog = page.getByRole('dialog', { name: 'Tags of 3 VMs' });
    await expect(dialog).toContainText('differs among the 3 VMs');
    await dialog.getByRole('combobox', { name: 'Environment' }).click();
    await page.getByRole('option', { name: 'staging', exact: true }).click();
    await expect(dialog).not.toContainText('differs');
    await dialog.getByRole('button', { name: 'Done' }).click();
    await expect(group(page, 'Staging').getByRole('option')).toHaveCount(3);
    await undo(page, '3 VMs marked as staging');
    await expect(group(page, 'Development').getByRole('option')).toHaveCount(2);
    await expect(group(page, 'Production').getByRole('option')).toHaveCount(1);
  });

  test('1,000 VMs: filter, scroll and choose, few rows drawn, the focus stays', async ({ page, own }) => {
    own.vmo('import', own.put('x.ini', '[web]\nweb-[0001:0700]\n[db]\ndb-prod-[001:300]\n'));
    await open(page, own);
    await expect(page.getByText('1,000', { exact: true })).toBeVisible();
    expect(await rows(page).count()).toBeLessThan(60);
    for (const text of ['web', 'db-prod-1', '', '7', 'tag:db']) {
      await page.getByLabel('Filter VMs').fill(text);
      await page.getByLabel('List of VMs').evaluate((list) => { list.scrollTop = 9000; });
      await rows(page).first().click();
      expect(await rows(page).count()).toBeLessThan(60);
    }

    await page.getByLabel('Filter VMs').fill('');
    await rows(page).first().click();
    await page.keyboard.press('End');
    await expect(vm(page, 'web-0700')).toBeFocused();
    await page.keyboard.press('k');
    await expect(vm(page, 'web-0699')).toBeFocused();
    await expect(group(page, 'Development').getByRole('button', { name: /^Development/ })).toBeInViewport();
    await page.keyboard.press('Shift+Home');
    await expect(page.getByRole('toolbar')).toContainText('999 chosen');
  });
});

test('Import: a file and a paste are shown before anything is taken; doubles, bad lines and passwords are told; the same file again shows what it changes', async ({ page, own }) => {
  await open(page, own);
  await page.getByRole('button', { name: 'Import a list' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByLabel('What to import').fill('name,host,port,password\nweb-1,10.255.2.1,22,hunter2\nbad,-oProxyCommand=id,22,\nworse,10.255.2.2,70000,\n');
  await expect(sheet).toContainText('CSV');
  await expect(sheet.getByRole('region', { name: 'What could not be used' })).toContainText(/Line 3\s+"-oProxyCommand=id" is not a host name/);
  await expect(sheet.getByRole('region', { name: 'What could not be used' })).toContainText(/Line 4\s+the port of "worse"/);
  await expect(sheet).toContainText('Passwords are not taken over');
  await sheet.getByRole('button', { name: 'Add 1', exact: true }).click();
  await expect(sheet).toBeHidden();
  await expect(vm(page, 'web-1')).toBeVisible();
  expect(own.vmo('vms')).not.toContain('hunter2');

  const inventory = (host: string) => own.put('hosts.yml', `all:\n  children:\n    web:\n      hosts:\n        web-1: {ansible_host: 10.255.2.9}\n        api-prod: {ansible_host: ${host}, ansible_user: deploy}\n`);
  const choose = async (path: string) => {
    await more(page, 'Import…');
    await sheet.getByLabel('File to import').setInputFiles(path);
    await expect(sheet).toContainText('hosts.yml: Ansible inventory (YAML)');
  };
  await choose(inventory('10.255.2.3'));
  // web-1 came from a file before: the new address is a change, taken only with a tick.
  await expect(sheet.getByText('10.255.2.1', { exact: true })).toBeVisible();
  await expect(sheet.getByRole('checkbox', { name: 'Add api-prod' })).toBeChecked();
  await sheet.getByRole('button', { name: 'Add 1', exact: true }).click();
  await expect(vm(page, 'api-prod')).toContainText('deploy@10.255.2.3');
  await expect(vm(page, 'web-1')).toContainText('10.255.2.1');
  await undo(page, 'api-prod added');
  await expect(vm(page, 'api-prod')).toHaveCount(0);

  await menu(page, 'web-1', 'Duplicate');
  await page.getByRole('dialog').getByLabel(/^Name/).fill('api-prod');
  await page.keyboard.press('Control+Enter');
  await expect(vm(page, 'api-prod')).toBeVisible();
  await choose(inventory('10.255.2.3'));
  await expect(sheet).toContainText('A VM is named api-prod already');
  await expect(sheet.getByRole('checkbox', { name: 'Add api-prod' })).not.toBeChecked();
  await sheet.getByRole('checkbox', { name: 'web-1' }).click();
  await sheet.getByRole('button', { name: 'Change 1' }).click();
  await expect(vm(page, 'web-1')).toContainText('10.255.2.9');
});

lab.describe('VM and ConnectionStatus', () => {
  lab('reachable with its time, a reason where not, unknown behind a jump host; counters; test, ssh line, explain and ad-hoc address', async ({ page, app }) => {
    await takeIn(page, app);
    const counts = page.getByRole('status', { name: 'Counts' });
    await expect(counts).toContainText(/\d+ reachable/);
    await expect(counts).toContainText(/1 not/);
    await expect(vm(page, 'bastion')).toContainText(/\d+ ms/);
    await expect(vm(page, 'dead')).toContainText('refuses the connection');
    await expect(vm(page, 'web-1')).toContainText('through bastion, not tested');
    await vm(page, 'web-1').click();
    const about = page.getByRole('group', { name: 'About web-1' });
    await expect(about).toContainText('via bastion');
    await about.getByRole('button', { name: 'Test' }).click();
    await expect(about).toContainText(/reachable \d+ ms/);
    await expect(page.getByText(/^web-1 answers in \d+ ms$/)).toBeVisible();
    await menu(page, 'dead', 'Test connection');
    await expect(page.getByText(/^dead: .*refuses the connection/)).toBeVisible();
    await menu(page, 'web-1', 'Copy ssh line');
    await expect(page.getByText(/^ssh (-F \S+ )?web-1$/)).toBeVisible();
    await menu(page, 'web-1', 'Explain connection…');
    await expect(page.getByRole('dialog')).toContainText('web-1');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'See which VMs answer' }).click();
    await page.getByLabel('Filter VMs').fill('is:unreachable');
    await expect(rows(page)).toHaveCount(1);
    await page.getByLabel('Filter VMs').fill('');

    // A machine that is in no list: user@host:port, run without being taken in.
    const host = /HostName (\S+)\n\s*Port (\d+)\n\s*User (\S+)/.exec(readFileSync(app.lab.config, 'utf8'));
    await menu(page, 'web-1', 'Run…');
    await page.getByRole('button', { name: 'Leave web-1 out' }).click();
    await page.getByRole('button', { name: 'address' }).click();
    await page.getByLabel('Address').fill(`${host?.[3] ?? ''}@${host?.[1] ?? ''}:${host?.[2] ?? ''}`);
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Command', exact: true }).fill('echo ad-hoc');
    await page.keyboard.press('Control+Enter');
    await expect(page.getByRole('dialog').or(log(page)).first()).toBeVisible();
  });

  lab('a job shows on its card while it runs, and the VM was used just now', async ({ page, app }) => {
    await takeIn(page, app);
    await vm(page, 'web-1').click();
    await page.getByRole('textbox', { name: 'Command', exact: true }).fill('echo begun; sleep 30');
    await page.keyboard.press('Control+Enter');
    await expect(log(page)).toContainText('begun');
    await expect(vm(page, 'web-1')).toContainText('running');
    await expect(page.getByRole('group', { name: 'About web-1' })).toContainText('used just now');
    await page.getByRole('button', { name: 'Stop', exact: true }).first().click();
    await expect(vm(page, 'web-1')).not.toContainText('running');
  });
});

test('VMForm: jump host, key file, provider and notes are kept, and a bad one is refused at its field', async ({ page, own }) => {
  await open(page, own);
  await page.getByRole('button', { name: 'Add a VM' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel(/^Name/).fill('behind-prod');
  await form.getByLabel(/^Host/).fill('10.255.3.1');
  await form.getByLabel(/^Jump host/).fill('-oProxyCommand=id');
  await page.keyboard.press('Control+Enter');
  await expect(form.getByRole('alert')).toContainText('is no jump host');
  await expect(form.getByLabel(/^Jump host/)).toBeFocused();
  await form.getByLabel(/^Jump host/).fill('ops@bastion:2222, second');
  await form.getByLabel(/^Key file/).fill('~/.ssh/no-such-key');
  await form.getByLabel(/^Provider/).fill('My cellar');
  await form.getByLabel(/^Notes/).fill('Ask Ada');
  await page.keyboard.press('Control+Enter');
  await expect(form).toBeHidden();
  await expect(vm(page, 'behind-prod')).toContainText('10.255.3.1 via ops@bastion:2222,second');
  await expect(vm(page, 'behind-prod')).toContainText('production');
  await expect(page.getByRole('group', { name: 'About behind-prod' })).toContainText('My cellar');
  await expect(page.getByRole('group', { name: 'About behind-prod' })).toContainText('The identity file ~/.ssh/no-such-key is missing.');
  await menu(page, 'behind-prod', 'Copy ssh line');
  await expect(page.getByText(/-J ops@bastion:2222,second -i .*no-such-key/)).toBeVisible();
});

test('in a low window what a test of the connection says is seen', async ({ page, app }) => {
  await page.setViewportSize({ width: 900, height: 600 });
  await takeIn(page, app);
  await page.getByRole('button', { name: 'Add a VM' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel(/^Host/).fill('127.0.0.1');
  await form.getByLabel(/^Port/).fill('1');
  await form.getByRole('button', { name: 'Test connection' }).click();
  await expect(form.getByText(/refuses the connection/)).toBeInViewport({ ratio: 1 });
});
