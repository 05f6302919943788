import { test, expect } from './app';
import { log, open, takeIn, vm } from './steps';

test('a VM is added by hand, edited, deleted and brought back', async ({ page, app }) => {
  await open(page, app);
  await page.getByRole('button', { name: 'Add a VM' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel(/^Host/).fill('deploy@203.0.113.7:2222');
  await form.getByLabel(/^Host/).blur();
  await expect(form.getByLabel(/^User/)).toHaveValue('deploy');
  await expect(form.getByLabel(/^Port/)).toHaveValue('2222');
  await form.getByLabel(/^Name/).fill('by-hand');
  await page.keyboard.press('Control+Enter');
  await expect(form).toBeHidden();
  await expect(vm(page, 'by-hand')).toContainText('deploy@203.0.113.7:2222');

  await vm(page, 'by-hand').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(vm(page, 'by-hand')).toBeVisible();
});

test('a bad value is refused at its field, in the words of the rules', async ({ page, app }) => {
  await open(page, app);
  await page.getByRole('button', { name: 'Add a VM' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel(/^Name/).fill('x');
  await form.getByLabel(/^Host/).fill('bad host!');
  await page.keyboard.press('Control+Enter');
  await expect(form.getByRole('alert').first()).toContainText(/host/i);
});

test('a command with a parameter is saved, previewed, run with a value in quotes, and deleted with undo', async ({ page, app }) => {
  await takeIn(page, app);
  await page.getByRole('button', { name: 'Add command' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel(/^Name/).first().fill('Greet');
  await form.getByLabel(/^Script/).fill('printf "<%s>\\n" {{who}}');
  await expect(form).toContainText('who');
  await page.keyboard.press('Control+Enter');
  await expect(form).toBeHidden();
  await vm(page, 'web-1').click();
  await page.getByRole('option', { name: /Greet/ }).click();
  await page.getByRole('textbox', { name: /who/ }).fill(`a 'b' $(id) "c"`);
  await page.keyboard.press('Control+Enter');
  await expect(log(page)).toContainText(`<a 'b' $(id) "c">`);
});
