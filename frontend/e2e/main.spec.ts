import { test, expect } from './app';
import { log, open, run, takeIn, vm } from './steps';

test('hosts of ssh_config are offered for review and nothing is taken in before', async ({ page, app }) => {
  await open(page, app);
  await expect(page.getByRole('heading', { name: /hosts are in your SSH config/ })).toBeVisible();
  expect(JSON.parse(app.vmo('vms', '--json').split('\n')[0] ?? '{}')).not.toMatchObject({ known: true });
  await takeIn(page, app);
  await expect(vm(page, 'github.com')).toHaveCount(0);
});

test('a command on a VM behind a jump host from an included file: lines live, job kept, seen by vmo', async ({ page, app }) => {
  await takeIn(page, app);
  await run(page, 'web-1', 'hostname; whoami; echo oops >&2');
  await expect(log(page)).toContainText(app.lab.user);
  await expect(log(page)).toContainText('oops');
  await expect(page.getByText('succeeded').filter({ visible: true }).first()).toBeVisible();
  expect(app.vmo('jobs')).toContain('hostname; whoami');
});

test('a job of vmo appears in the open window without a restart, with its output', async ({ page, app }) => {
  await takeIn(page, app);
  await page.getByRole('tab', { name: 'History' }).click();
  await expect(page.getByText('Every job you run is kept here')).toBeVisible();
  app.vmo('run', '--on', 'web-1', '--', 'echo from-the-other-side');
  const row = page.getByRole('button', { name: /echo from-the-other-side/ });
  await expect(row).toBeVisible();
  await row.click();
  await page.getByRole('button', { name: 'Open log' }).click();
  await expect(page.getByRole('dialog').getByRole('log')).toContainText('from-the-other-side');
});

test('Stop ends a command and says so', async ({ page, app }) => {
  await takeIn(page, app);
  await run(page, 'web-1', 'echo begun; sleep 600');
  await expect(log(page)).toContainText('begun');
  await page.getByRole('button', { name: 'Stop', exact: true }).first().click();
  await expect(page.getByText('Stopped: nothing of it is left on web-1.')).toBeVisible();
});

test('a job goes on and is shown after a reload', async ({ page, app }) => {
  await takeIn(page, app);
  await run(page, 'web-1', 'for i in 1 2 3 4 5 6 7 8; do echo tick $i; sleep 0.5; done');
  await expect(log(page)).toContainText('tick 1');
  await page.reload();
  await page.getByRole('tab', { name: 'History' }).click();
  await page.getByRole('button', { name: /^for i in/ }).click();
  await page.getByRole('button', { name: 'Open log' }).click();
  await expect(page.getByRole('dialog').getByRole('log')).toContainText('tick 8');
});

test('production asks once, naming the VMs and the script', async ({ page, app }) => {
  await takeIn(page, app);
  await vm(page, 'db-1-prod').click();
  await page.getByRole('textbox', { name: 'Command', exact: true }).fill('echo careful');
  await page.keyboard.press('Control+Enter');
  const dialog = page.getByRole('dialog', { name: /^Run this on one VM/ });
  await expect(dialog).toContainText('db-1-prod');
  await expect(dialog).toContainText('echo careful');
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await dialog.getByRole('button', { name: 'Run' }).click();
  await expect(log(page)).toContainText('careful');
});

test('nothing is started behind a dialog', async ({ page, app }) => {
  await takeIn(page, app);
  await vm(page, 'web-1').click();
  await page.getByRole('textbox', { name: 'Command', exact: true }).fill('echo behind');
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
  await expect(page.getByRole('dialog', { name: 'Keyboard' })).toBeVisible();
  await page.keyboard.press('Control+Enter');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(app.vmo('jobs', '--json').trim()).toBe('');
});

test('a dead host is a clear error with a next step', async ({ page, app }) => {
  await takeIn(page, app);
  await run(page, 'dead', 'true');
  const alert = page.getByRole('alert').first();
  await expect(alert).toContainText(/refused|nothing listens/i);
});
